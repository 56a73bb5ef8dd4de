use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};
use registrywatcher::deployment::DeploymentId;
use uuid::Uuid;

use super::seen;
use crate::ServerInfo;
use crate::operations::waiting::patience;
use crate::operations::{Group, Served};
use crate::permitted::{Across, Permitted, Viewing};
use crate::problem::{Failure, Kind, Problems};
use crate::wire::Deployment;

#[derive(ApiResponse)]
enum Answer {
    /// The deployment.
    #[oai(status = 200)]
    Found(Json<Deployment>),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[
        Kind::Invalid,
        Kind::UnknownDeployment,
        Kind::StoreUnavailable,
    ];
}

pub(crate) struct GetDeployment;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Deployments")]
impl GetDeployment {
    /// Read one deployment
    ///
    /// With `wait` the answer comes once the deployment has ended, or after that time; ask again until `ended_at` is given.
    #[oai(
        path = "/deployments/:deployment",
        method = "get",
        operation_id = "getDeployment"
    )]
    async fn get_deployment(
        &self,
        caller: Permitted<Across<Viewing>>,
        app: Served<'_>,
        limits: Data<&ServerInfo>,
        /// The identity of the deployment.
        deployment: Path<Uuid>,
        /// How many seconds to wait for its end; the answer comes earlier when it has ended, or where the server takes less time
        /// for a request.
        #[oai(default, validator(maximum(value = "60")))]
        wait: Query<u32>,
    ) -> Result<Answer, Failure<Refusals>> {
        // Before any waiting, which would tell whether there is such a deployment.
        let found = seen(&app, &caller, DeploymentId(deployment.0)).await?;
        let found = match wait.0 {
            0 => found,
            wait => {
                let ending = app.until_ended(found.id);
                let waited = tokio::time::timeout(patience(wait, &limits), ending).await;
                match waited {
                    Ok(ended) => ended?.unwrap_or(found),
                    Err(_) => seen(&app, &caller, found.id).await?,
                }
            }
        };
        Ok(Answer::Found(Json(found.into())))
    }
}
