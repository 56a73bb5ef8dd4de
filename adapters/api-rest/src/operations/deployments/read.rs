use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};
use registrywatcher::deployment::DeploymentId;
use uuid::Uuid;

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
    /// Ask again until `ended_at` is given to wait for its end.
    #[oai(
        path = "/deployments/:deployment",
        method = "get",
        operation_id = "getDeployment"
    )]
    async fn get_deployment(
        &self,
        caller: Permitted<Across<Viewing>>,
        app: Served<'_>,
        /// The identity of the deployment.
        deployment: Path<Uuid>,
    ) -> Result<Answer, Failure<Refusals>> {
        let id = DeploymentId(deployment.0);
        let found = app.deployment(id).await?;
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
