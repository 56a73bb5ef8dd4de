//! What `/metrics` shows.
//!
//! What happens is counted where it passes a port: polls in the poller, the rest by [`MeasuredStore`], [`MeasuredNotifier`] and
//! the registry's adapter. What is so at the moment is asked of the application when somebody looks. No label holds the name of
//! a watch, a tag or a digest: each value of a label is a series of its own, which Prometheus keeps for months.

mod catalogue;
mod notifier;
mod standing;
mod store;
#[cfg(test)]
mod tests;

use std::time::Duration;

use metrics::{counter, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use registrywatcher::app::{App, Polled};
use registrywatcher::image::Repository;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::traces;

pub(crate) use catalogue::TRACES;
pub(crate) use notifier::MeasuredNotifier;
pub(crate) use store::{MeasuredStore, seen};

/// How often what was measured is put into its buckets; what waits for that takes memory.
const UPKEEP: Duration = Duration::from_secs(5);

/// Around what a request takes, in seconds.
const SHORT: [f64; 12] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];
/// Around what a rollout takes, in seconds, up to a day.
const LONG: [f64; 12] = [
    1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14_400.0, 86_400.0,
];

/// The outcomes of a poll.
const POLL_OUTCOMES: [&str; 4] = ["failed", "ok", "rate_limited", "timed_out"];

/// What this process measures.
#[derive(Debug)]
pub(crate) struct Measurements {
    counted: PrometheusHandle,
    began: Instant,
}

impl Measurements {
    /// Measures from now on; once in a process.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let counted = builder()?.install_recorder()?;
        catalogue::describe();
        Ok(Self {
            counted,
            began: Instant::now(),
        })
    }

    /// Keeps the memory that measuring takes within bounds, for ever.
    pub(crate) async fn keep_up(&self) {
        let mut ticks = interval(UPKEEP);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.counted.run_upkeep();
        }
    }

    /// Everything, in the text format of Prometheus.
    pub(crate) fn render(&self, app: &App) -> String {
        let mut text = self.counted.render();
        text.push_str(&standing::render(app, self.began.elapsed()));
        text
    }
}

fn builder() -> anyhow::Result<PrometheusBuilder> {
    let short = Matcher::Suffix("_seconds".to_owned());
    let mut builder = PrometheusBuilder::new().set_buckets_for_metric(short, &SHORT)?;
    for name in [catalogue::DEPLOYMENT_DURATION, catalogue::SEEN_TO_HEALTHY] {
        builder = builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), &LONG)?;
    }
    Ok(builder)
}

/// Shows what is counted before there is anything to count: a counter that appears with its first increment hides that
/// increment from `increase()`.
pub(crate) fn begin(app: &App, sinks: &[String]) {
    begin_polls(app);
    store::begin(app.held_leases().is_some());
    traces::begin();
    for sink in sinks {
        store::begin_sink(sink);
        notifier::begin(sink);
    }
}

/// The same of polls alone: registries may become watched later.
pub(crate) fn begin_polls(app: &App) {
    for (repository, _) in app.repositories() {
        for outcome in POLL_OUTCOMES {
            count_poll(&repository, outcome, 0);
        }
    }
}

/// A poll has ended.
pub(crate) fn polled(repository: &Repository, polled: &Polled, timed_out: bool, took: Duration) {
    // Another replica asks, and counts.
    if !polled.attended {
        return;
    }
    let outcome = match polled {
        _ if timed_out => "timed_out",
        Polled {
            retry_after: Some(_),
            ..
        } => "rate_limited",
        Polled { fault: Some(_), .. } => "failed",
        Polled { fault: None, .. } => "ok",
    };
    count_poll(repository, outcome, 1);
    let registry = repository.registry().to_string();
    histogram!(catalogue::POLL_DURATION, "registry" => registry).record(took);
}

fn count_poll(repository: &Repository, outcome: &'static str, by: u64) {
    let registry = repository.registry().to_string();
    counter!(catalogue::POLLS, "registry" => registry, "outcome" => outcome).increment(by);
}
