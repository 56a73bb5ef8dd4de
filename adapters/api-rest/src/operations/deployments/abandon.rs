use std::sync::Arc;

use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use registrywatcher::deployment::DeploymentId;
use uuid::Uuid;

use super::seen;
use crate::operations::{self, Group, Served};
use crate::permitted::{Across, Deploying, Permitted};
use crate::problem::{Failure, Fault, Kind, Problems};
use crate::wire::{Deployment, Text};

/// Why a deployment is given up.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct Abandonment {
    /// Why, for people.
    reason: Text<String>,
}

#[derive(ApiResponse)]
enum Answer {
    /// The deployment, which has ended.
    #[oai(status = 200)]
    Abandoned(Json<Deployment>),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[
        Kind::Invalid,
        Kind::UnknownDeployment,
        Kind::LostRace,
        Kind::AlreadyEnded,
        Kind::StoreUnavailable,
    ];
}

pub(crate) struct AbandonDeployment;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Deployments")]
impl AbandonDeployment {
    /// Give a deployment up
    ///
    /// Ends it without an outcome. What the orchestrator does of it is left alone; only a command of ours that runs for it is
    /// stopped. The watch is held until something newer than what was given up appears.
    #[oai(
        path = "/deployments/:deployment/abandon",
        method = "post",
        operation_id = "abandonDeployment"
    )]
    async fn abandon_deployment(
        &self,
        caller: Permitted<Across<Deploying>>,
        app: Served<'_>,
        /// The identity of the deployment.
        deployment: Path<Uuid>,
        abandonment: Json<Abandonment>,
    ) -> Result<Answer, Failure<Refusals>> {
        let id = seen(&app, &caller, DeploymentId(deployment.0)).await?.id;
        let reason = abandonment.0.reason.0.trim().to_owned();
        if reason.is_empty() {
            return Err(Fault::invalid("reason", "say why").into());
        }
        let app = Arc::clone(app.0);
        let ended =
            operations::to_its_end(async move { app.abandon(id, &reason, &caller.author).await });
        Ok(Answer::Abandoned(Json(ended.await?.into())))
    }
}
