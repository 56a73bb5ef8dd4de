use std::sync::Arc;

use poem::http::HeaderMap;
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use registrywatcher::app::DeployNow;
use registrywatcher::image::Tag;

use super::workload;
use crate::ServerInfo;
use crate::access::Role;
use crate::operations::once::{self, once};
use crate::operations::{self, Group, Served, waiting};
use crate::permitted::{Deploying, Permitted};
use crate::problem::{Failure, Kind, Problems};
use crate::wire::{DeploymentAsked, Given, Text};

/// What to deploy now.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct DeploymentDemand {
    /// Which tag; the wanted one if none is given. Another than the wanted one is kept until something newer appears.
    tag: Given<Text<Tag>>,
    /// To which workload alone, as the watch names it; to all of them, in their order, if none is given.
    workload: Given<Text<String>>,
    /// Whether to deploy although deployments are frozen; takes an admin. It does not if nothing is said.
    #[oai(rename = "override")]
    overrides_freeze: Given<bool>,
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
        Kind::Invalid,
        Kind::Forbidden,
        Kind::UnknownWatch,
        Kind::LostRace,
        Kind::NothingWanted,
        Kind::Frozen,
        Kind::UnknownWorkload,
        Kind::KeyReused,
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
    /// this moment; if the registry cannot be asked, nothing is changed. Refused while deployments are frozen, unless an
    /// admin overrides that.
    #[oai(
        path = "/watches/:watch/deployments",
        method = "post",
        operation_id = "createDeployment"
    )]
    async fn create_deployment(
        &self,
        caller: Permitted<Deploying>,
        app: Served<'_>,
        limits: Data<&ServerInfo>,
        headers: &HeaderMap,
        /// The name of the watch.
        watch: Path<String>,
        /// How many seconds to wait for the end of what is demanded; the answer comes earlier when that has ended, or where the
        /// server takes less time for a request.
        #[oai(default, validator(maximum(value = "60")))]
        wait: Query<u32>,
        /// Makes the demand one: within a day the same key leads to the same request again, and to nothing new. Each token has
        /// keys of its own for each watch.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        demand: Json<DeploymentDemand>,
    ) -> Result<Answer, Failure<Refusals>> {
        let overrides_freeze = demand.overrides_freeze.0.unwrap_or_default();
        if overrides_freeze {
            caller.ensure(Role::Admin)?;
        }
        let key = operations::sole_header(headers, once::HEADER, &key)?;
        let view = operations::view(&app, &watch)?;
        let content = format!("deploy {:?}", demand.0);
        let demand = DeployNow {
            workload: demand
                .workload
                .0
                .as_ref()
                .map(|Text(text)| workload(&view, text))
                .transpose()?,
            overrides_freeze,
            once: once(key, &view.watch.name, &caller.author, &content)?,
            tag: demand.0.tag.0.map(|Text(tag)| tag),
        };
        let asking = Arc::clone(app.0);
        let asked = operations::to_its_end(async move {
            asking
                .deploy_now(&view.watch.name, &demand, &caller.author)
                .await
        });
        let asked = waiting::served(&app, &asked.await?, wait.0, &limits).await?;
        Ok(Answer::Accepted(Json(asked)))
    }
}
