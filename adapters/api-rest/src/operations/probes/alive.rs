use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};

use crate::operations::Group;

/// That the service is alive.
#[derive(Debug, Object)]
struct Health {
    /// Always the same.
    status: HealthStatus,
}

/// How the service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum HealthStatus {
    /// It answers.
    Alive,
}

#[derive(ApiResponse)]
enum Answer {
    /// The service is alive.
    #[oai(status = 200)]
    Alive(Json<Health>),
}

pub(crate) struct Healthz;

#[OpenApi(tag = "Group::Probes")]
impl Healthz {
    /// Whether the service is alive
    ///
    /// For restarting a service that hangs. Asks nobody else.
    #[oai(path = "/healthz", method = "get", operation_id = "getHealth")]
    async fn get_health(&self) -> Answer {
        let status = HealthStatus::Alive;
        Answer::Alive(Json(Health { status }))
    }
}
