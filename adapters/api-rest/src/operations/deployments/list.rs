use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use registrywatcher::app::App;
use registrywatcher::deployment::DeploymentId;
use registrywatcher::ports::DeploymentQuery;
use registrywatcher::watch::WatchName;
use uuid::Uuid;

use crate::access::Caller;
use crate::operations::{Group, Served};
use crate::permitted::{Across, Permitted, Viewing};
use crate::problem::{Failure, Fault, Kind, Problems};
use crate::wire::{Deployment, Filling, Limit, default_limit};

/// A page of deployments.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct DeploymentPage {
    /// The deployments, newest first.
    items: Vec<Deployment>,
    /// What to give as `before` to get the next page; left out on the last one.
    next: Option<Uuid>,
}

impl DeploymentPage {
    /// Reads what `caller` may see.
    pub(super) async fn read(
        app: &App,
        caller: &Caller,
        watch: Option<WatchName>,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Self, Fault> {
        let limit = Limit(limit);
        let query = DeploymentQuery {
            id: None,
            watch,
            before: before.map(DeploymentId),
            limit: limit.to_read(),
        };
        let mut page = Filling::new(limit);
        while page.wants_more() {
            let query = DeploymentQuery {
                before: page.last().or(query.before),
                ..query.clone()
            };
            let read = app.deployments(&query).await?;
            page.add(read, |found| caller.sees(&found.watch), |found| found.id);
        }
        let (items, next) = page.page(|deployment| deployment.id);
        let next = next.map(|id| id.0);
        let items = items.into_iter().map(Deployment::from).collect();
        Ok(Self { items, next })
    }
}

#[derive(ApiResponse)]
enum Answer {
    /// A page of deployments.
    #[oai(status = 200)]
    Listed(Json<DeploymentPage>),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[Kind::Invalid, Kind::StoreUnavailable];
}

pub(crate) struct ListDeployments;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Deployments")]
impl ListDeployments {
    /// List deployments
    ///
    /// Newest first; those of watches that are no longer configured as well.
    #[oai(
        path = "/deployments",
        method = "get",
        operation_id = "listDeployments"
    )]
    async fn list_deployments(
        &self,
        caller: Permitted<Across<Viewing>>,
        app: Served<'_>,
        /// Only those of this watch.
        watch: Query<Option<String>>,
        /// Only those made before this one.
        before: Query<Option<Uuid>>,
        /// How many items the page has at most.
        #[oai(
            default = "default_limit",
            validator(minimum(value = "1"), maximum(value = "200"))
        )]
        limit: Query<u32>,
    ) -> Result<Answer, Failure<Refusals>> {
        let watch = watch.0.map(|name| name.parse()).transpose();
        let watch = watch.map_err(|error| Fault::invalid("watch", format!("{error}")))?;
        let page = DeploymentPage::read(&app, &caller, watch, before.0, limit.0).await?;
        Ok(Answer::Listed(Json(page)))
    }
}
