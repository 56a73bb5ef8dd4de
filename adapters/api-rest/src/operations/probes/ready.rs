use std::time::Duration;

use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use registrywatcher::app::{self, App};

use crate::operations::{Group, Served};
use crate::problem::{Failure, Fault, Kind, Problems};

/// How long the store may take to answer. Orchestrators give a probe a few seconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// That the service is ready.
#[derive(Debug, Object)]
struct Readiness {
    /// Always the same.
    status: ReadinessStatus,
    /// What outside does not work now, while the service goes on without it.
    degraded: Vec<Degraded>,
}

/// Something outside that does not work. What it said stands in the decisions and the log: this answer needs no token.
#[derive(Debug, Object)]
struct Degraded {
    /// What: a registry, a deployer or a sink, with its name.
    part: String,
    /// How many watches it concerns; 0 for a sink.
    watches: usize,
}

impl From<app::Degraded> for Degraded {
    fn from(degraded: app::Degraded) -> Self {
        Self {
            part: degraded.part,
            watches: degraded.watches,
        }
    }
}

/// Whether the service is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum ReadinessStatus {
    /// It is.
    Ready,
}

#[derive(ApiResponse)]
enum Answer {
    /// The store can be asked, and every watch was polled since the start.
    #[oai(status = 200)]
    Ready(Json<Readiness>),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[Kind::NotReady];
}

pub(crate) struct Readyz;

#[OpenApi(tag = "Group::Probes")]
impl Readyz {
    /// Whether the service is ready
    ///
    /// For sending traffic only to a service that knows what it watches. If it is not ready, `errors` lists what is missing;
    /// if it is, `degraded` lists what does not work outside of it.
    #[oai(path = "/readyz", method = "get", operation_id = "getReadiness")]
    async fn get_readiness(&self, app: Served<'_>) -> Result<Answer, Failure<Refusals>> {
        let mut fault = Fault::new(Kind::NotReady, "something is missing");
        if let Some(missing) = missing_store(&app).await {
            fault = fault.with_part("store", missing);
        }
        if let Some(missing) = app.lease_fault() {
            fault = fault.with_part("leases", missing);
        }
        match app.unpolled() {
            0 => {}
            1 => fault = fault.with_part("first_poll", "1 watch was not polled yet"),
            n => fault = fault.with_part("first_poll", format!("{n} watches were not polled yet")),
        }
        if !fault.parts.is_empty() {
            return Err(fault.into());
        }
        let status = ReadinessStatus::Ready;
        let degraded = app.degraded().into_iter().map(Degraded::from).collect();
        Ok(Answer::Ready(Json(Readiness { status, degraded })))
    }
}

async fn missing_store(app: &App) -> Option<String> {
    match tokio::time::timeout(PATIENCE, app.check_store()).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some(format!(
            "the store did not answer within {} s",
            PATIENCE.as_secs()
        )),
    }
}
