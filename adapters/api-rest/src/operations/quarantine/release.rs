use std::sync::Arc;

use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};
use registrywatcher::deployment::DeploymentId;
use uuid::Uuid;

use crate::operations::{self, Group, Served};
use crate::permitted::{Deploying, Permitted};
use crate::problem::{Failure, Kind, Problems};
use crate::wire::QuarantinedImage;

#[derive(ApiResponse)]
enum Answer {
    /// What was released.
    #[oai(status = 200)]
    Released(Json<QuarantinedImage>),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[
        Kind::Invalid,
        Kind::UnknownWatch,
        Kind::NotQuarantined,
        Kind::LostRace,
        Kind::StoreUnavailable,
    ];
}

pub(crate) struct ReleaseFromQuarantine;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Quarantine")]
impl ReleaseFromQuarantine {
    /// Release from quarantine
    ///
    /// Lets the image that a deployment failed with be deployed again, wherever it failed, and acts on it at once.
    #[oai(
        path = "/watches/:watch/quarantine/:deployment",
        method = "delete",
        operation_id = "releaseFromQuarantine"
    )]
    async fn release_from_quarantine(
        &self,
        caller: Permitted<Deploying>,
        app: Served<'_>,
        /// The name of the watch.
        watch: Path<String>,
        /// The deployment that failed.
        deployment: Path<Uuid>,
    ) -> Result<Answer, Failure<Refusals>> {
        let name = operations::watch_name(&watch)?;
        let id = DeploymentId(deployment.0);
        let app = Arc::clone(app.0);
        let released = operations::to_its_end(async move {
            app.release_from_quarantine(&name, id, &caller.author).await
        });
        Ok(Answer::Released(Json(released.await?.into())))
    }
}
