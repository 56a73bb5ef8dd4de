use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};
use registrywatcher::deployment::DeploymentId;
use uuid::Uuid;

use crate::ServerInfo;
use crate::operations::waiting::patience;
use crate::operations::{Group, Served};
use crate::permitted::{Across, Permitted, Viewing};
use crate::problem::{Failure, Fault, Kind, Problems};
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
        let id = DeploymentId(deployment.0);
        let waited = match wait.0 {
            0 => None,
            wait => tokio::time::timeout(patience(wait, &limits), app.until_ended(id))
                .await
                .ok(),
        };
        let found = match waited {
            Some(found) => found?,
            None => app.deployment(id).await?,
        };
        let found = found.filter(|found| caller.sees(&found.watch));
        let unknown = || {
            Fault::new(
                Kind::UnknownDeployment,
                format!("there is no deployment {id}"),
            )
        };
        let found = found.ok_or_else(unknown)?;
        Ok(Answer::Found(Json(found.into())))
    }
}
