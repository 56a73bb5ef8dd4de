use std::sync::Arc;

use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use registrywatcher::app::{DeployNow, WatchView};
use registrywatcher::image::Tag;
use registrywatcher::watch::Workload;
use uuid::Uuid;

use crate::operations::{self, Group, Served};
use crate::permitted::{Deploying, Permitted};
use crate::problem::{Failure, Fault, Kind, Problems};
use crate::wire::Text;

/// What to deploy now.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct DeploymentDemand {
    /// Which tag; the wanted one if none is given. Another than the wanted one is kept until something newer appears.
    tag: Option<Text<Tag>>,
    /// To which workload alone, as the watch names it; to all of them, in their order, if none is given.
    workload: Option<String>,
}

/// A demand that was taken on.
#[derive(Debug, Object)]
struct DeploymentAsked {
    /// The request, by which events tell of it.
    request: Uuid,
}

#[derive(ApiResponse)]
enum Answer {
    /// The demand is stored, and deployed as soon as its workloads are free.
    #[oai(status = 202)]
    Accepted(Json<DeploymentAsked>),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[
        Kind::UnknownWatch,
        Kind::LostRace,
        Kind::NothingWanted,
        Kind::UnknownWorkload,
        Kind::TagNotFound,
        Kind::RegistryUnavailable,
        Kind::StoreUnavailable,
    ];
}

pub(crate) struct CreateDeployment;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Deployments")]
impl CreateDeployment {
    /// Deploy now
    ///
    /// Deploys whatever runs: a workload that runs the image already is replaced. The tag is looked up in the registry at
    /// this moment; if the registry cannot be asked, nothing is changed.
    #[oai(
        path = "/watches/:watch/deployments",
        method = "post",
        operation_id = "createDeployment"
    )]
    async fn create_deployment(
        &self,
        caller: Permitted<Deploying>,
        app: Served<'_>,
        /// The name of the watch.
        watch: Path<String>,
        demand: Json<DeploymentDemand>,
    ) -> Result<Answer, Failure<Refusals>> {
        let view = operations::view(&app, &watch)?;
        let demand = DeployNow {
            workload: demand
                .workload
                .as_deref()
                .map(|text| workload(&view, text))
                .transpose()?,
            tag: demand.0.tag.map(|Text(tag)| tag),
        };
        let app = Arc::clone(app.0);
        let request = operations::to_its_end(async move {
            app.deploy_now(&view.watch.name, &demand, &caller.author)
                .await
        });
        let request = request.await?.0;
        Ok(Answer::Accepted(Json(DeploymentAsked { request })))
    }
}

/// The workload that is written like this.
fn workload(view: &WatchView, text: &str) -> Result<Workload, Fault> {
    let mut workloads = view.watch.workloads.iter();
    let named = workloads.find(|workload| workload.to_string() == text);
    named.cloned().ok_or_else(|| {
        let detail = format!("watch `{}` has no workload `{text}`", view.watch.name);
        Fault::new(Kind::UnknownWorkload, detail)
    })
}
