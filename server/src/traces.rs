//! A trace of each deployment, for a collector of OpenTelemetry traces.
//!
//! No span is alive while something goes on: a trace is made of what is stored, once a deployment has ended, by the replica that
//! stored its end. So it is whole wherever and however often the service was restarted in between. Its identity is that of the
//! deployment.

mod spans;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use metrics::counter;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanExporter as _;
use registrywatcher::deployment::Deployment;
use registrywatcher::event::Event;
use registrywatcher::ports::{EventQuery, EventRange, Store, StoreError};
use reqwest::redirect::Policy;
use tokio::sync::mpsc;
use tokio::time::timeout;
use uuid::Uuid;

use crate::config::TelemetryConfig;
use crate::measure::{TRACES, seen};

/// How many deployments may wait for their trace.
const QUEUE: usize = 256;

/// How long the collector may take, all attempts together.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many events are read at a time, and how often at most, in search of those of a deployment.
const PAGE: u32 = 100;
const MOST_PAGES: usize = 5;

const OUTCOMES: [&str; 3] = ["dropped", "failed", "sent"];

/// Takes deployments that have ended.
#[derive(Debug, Clone)]
pub(crate) struct Traces(mpsc::Sender<Deployment>);

impl Traces {
    /// Tells the collector of `config` from now on, by what `store` has, until nobody has anything to tell.
    pub(crate) fn start(config: &TelemetryConfig, store: Arc<dyn Store>) -> anyhow::Result<Self> {
        let (sender, ended) = mpsc::channel(QUEUE);
        let teller = Teller {
            exporter: exporter(config)?,
            scope: InstrumentationScope::builder(env!("CARGO_PKG_NAME"))
                .with_version(env!("CARGO_PKG_VERSION"))
                .build(),
            store,
        };
        tokio::spawn(teller.tell(ended));
        Ok(Self(sender))
    }

    /// Leaves the trace of `deployment` to be told, and never waits.
    pub(crate) fn ended(&self, deployment: &Deployment) {
        if self.0.try_send(deployment.clone()).is_err() {
            count("dropped", 1);
        }
    }
}

fn exporter(config: &TelemetryConfig) -> anyhow::Result<SpanExporter> {
    let client = reqwest::Client::builder()
        .user_agent(concat!("registrywatcher/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .timeout(PATIENCE)
        .build()
        .context("telemetry")?;
    let mut exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_endpoint(config.traces_url())
        .with_headers(config.headers().collect())
        .with_timeout(PATIENCE)
        .build()
        .context("telemetry.otlp_endpoint")?;
    let resource = Resource::builder()
        .with_service_name("registrywatcher")
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", Uuid::now_v7().to_string()),
        ])
        .build();
    exporter.set_resource(&resource);
    Ok(exporter)
}

/// Shows what is counted before there is anything to count.
pub(crate) fn begin() {
    for outcome in OUTCOMES {
        count(outcome, 0);
    }
}

fn count(outcome: &'static str, by: u64) {
    counter!(TRACES, "outcome" => outcome).increment(by);
}

struct Teller {
    exporter: SpanExporter,
    scope: InstrumentationScope,
    store: Arc<dyn Store>,
}

impl Teller {
    async fn tell(self, mut ended: mpsc::Receiver<Deployment>) {
        let mut is_well = true;
        while let Some(deployment) = ended.recv().await {
            // The exporter has a limit of its own, which a pause between its attempts may exceed.
            let sent = timeout(2 * PATIENCE, self.send(&deployment)).await;
            let sent = sent.unwrap_or_else(|_| Err(anyhow::anyhow!("it takes too long")));
            count(if sent.is_ok() { "sent" } else { "failed" }, 1);
            if let Err(error) = &sent
                && is_well
            {
                tracing::warn!(deployment.id = %deployment.id, "a trace could not be sent: {error:#}");
            }
            is_well = sent.is_ok();
        }
    }

    async fn send(&self, deployment: &Deployment) -> anyhow::Result<()> {
        let seen = seen(&*self.store, deployment).await?;
        let events = self.events(deployment, seen).await?;
        let spans = spans::of(deployment, &events, seen, &self.scope);
        self.exporter.export(spans).await?;
        Ok(())
    }

    /// The events of its watch since it was asked for or seen, oldest first.
    async fn events(
        &self,
        deployment: &Deployment,
        seen: Option<DateTime<Utc>>,
    ) -> Result<Vec<Event>, StoreError> {
        let since = seen.map_or(deployment.created_at, |seen| {
            seen.min(deployment.created_at)
        });
        let (mut events, mut before) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let query = EventQuery {
                watch: Some(deployment.watch.clone()),
                range: EventRange::Before(before),
                limit: PAGE,
            };
            let page = self.store.events(&query).await?;
            before = page.last().map(|event| event.id);
            let is_last = page.last().is_none_or(|event| event.at < since);
            events.extend(page);
            if is_last {
                break;
            }
        }
        events.reverse();
        Ok(events)
    }
}
