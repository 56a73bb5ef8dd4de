use std::sync::Arc;

use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};
use registrywatcher::deployment::DeploymentId;
use uuid::Uuid;

use super::seen;
use crate::operations::{self, Group, Served};
use crate::permitted::{Across, Deploying, Permitted};
use crate::problem::{Failure, Kind, Problems};
use crate::wire::Deployment;

#[derive(ApiResponse)]
enum Answer {
    /// The deployment, which the orchestrator goes on with.
    #[oai(status = 202)]
    Promoted(Json<Deployment>),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[
        Kind::UnknownDeployment,
        Kind::LostRace,
        Kind::NotAwaitingPromotion,
        Kind::CannotPromote,
        Kind::OrchestratorUnavailable,
        Kind::StoreUnavailable,
    ];
}

pub(crate) struct PromoteDeployment;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Deployments")]
impl PromoteDeployment {
    /// Promote the canaries of a deployment
    ///
    /// Lets a deployment go on that waits with healthy canaries. The state changes once the orchestrator is seen to go on; read
    /// the deployment with `wait` to learn how it ends.
    #[oai(
        path = "/deployments/:deployment/promote",
        method = "post",
        operation_id = "promoteDeployment"
    )]
    async fn promote_deployment(
        &self,
        caller: Permitted<Across<Deploying>>,
        app: Served<'_>,
        /// The identity of the deployment.
        deployment: Path<Uuid>,
    ) -> Result<Answer, Failure<Refusals>> {
        let id = seen(&app, &caller, DeploymentId(deployment.0)).await?.id;
        let app = Arc::clone(app.0);
        let promoted = operations::to_its_end(async move { app.promote(id, &caller.author).await });
        Ok(Answer::Promoted(Json(promoted.await?.into())))
    }
}
