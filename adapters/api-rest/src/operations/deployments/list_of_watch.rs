use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};
use uuid::Uuid;

use super::list::DeploymentPage;
use crate::operations::{self, Group, Served};
use crate::permitted::{Permitted, Viewing};
use crate::problem::{Failure, Kind, Problems};
use crate::wire::default_limit;

#[derive(ApiResponse)]
enum Answer {
    /// A page of deployments.
    #[oai(status = 200)]
    Listed(Json<DeploymentPage>),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[Kind::Invalid, Kind::UnknownWatch, Kind::StoreUnavailable];
}

pub(crate) struct ListDeploymentsOfWatch;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Deployments")]
impl ListDeploymentsOfWatch {
    /// List the deployments of a watch
    ///
    /// Newest first.
    #[oai(
        path = "/watches/:watch/deployments",
        method = "get",
        operation_id = "listDeploymentsOfWatch"
    )]
    async fn list_deployments_of_watch(
        &self,
        caller: Permitted<Viewing>,
        app: Served<'_>,
        /// The name of the watch.
        watch: Path<String>,
        /// Only those made before this one.
        before: Query<Option<Uuid>>,
        /// How many items the page has at most.
        #[oai(
            default = "default_limit",
            validator(minimum(value = "1"), maximum(value = "200"))
        )]
        limit: Query<u32>,
    ) -> Result<Answer, Failure<Refusals>> {
        let view = operations::view(&app, &watch)?;
        let name = view.watch.name.clone();
        let page = DeploymentPage::read(&app, &caller, Some(name), before.0, limit.0).await?;
        Ok(Answer::Listed(Json(page)))
    }
}
