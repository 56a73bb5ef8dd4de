use std::sync::Arc;

use poem::http::HeaderMap;
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use registrywatcher::app;

use super::workload;
use crate::ServerInfo;
use crate::access::Role;
use crate::operations::once::{self, once};
use crate::operations::{self, Group, Served, waiting};
use crate::permitted::{Deploying, Permitted};
use crate::problem::{Failure, Kind, Problems};
use crate::wire::{DeploymentAsked, Given, Text};

/// What to go back from, and how.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct RollbackDemand {
    /// Which workload alone, as the watch names it; all of them, in their order, if none is given.
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
        Kind::NothingBefore,
        Kind::Frozen,
        Kind::UnknownWorkload,
        Kind::KeyReused,
        Kind::StoreUnavailable,
    ];
}

pub(crate) struct RollBack;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Deployments")]
impl RollBack {
    /// Roll back
    ///
    /// Deploys the image that ran well before the present one, and holds the watch until something newer than what is wanted
    /// now appears. The registry is not asked. Refused while deployments are frozen, unless an admin overrides that.
    #[oai(
        path = "/watches/:watch/rollback",
        method = "post",
        operation_id = "rollBack"
    )]
    async fn roll_back(
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
        demand: Json<RollbackDemand>,
    ) -> Result<Answer, Failure<Refusals>> {
        let overrides_freeze = demand.overrides_freeze.0.unwrap_or_default();
        if overrides_freeze {
            caller.ensure(Role::Admin)?;
        }
        let key = operations::sole_header(headers, once::HEADER, &key)?;
        let view = operations::view(&app, &watch)?;
        let content = format!("roll back {:?}", demand.0);
        let named = demand.workload.0.as_ref();
        let demand = app::RollBack {
            workload: named.map(|Text(text)| workload(&view, text)).transpose()?,
            overrides_freeze,
            once: once(key, &view.watch.name, &caller.author, &content)?,
        };
        let asking = Arc::clone(app.0);
        let asked = operations::to_its_end(async move {
            asking
                .roll_back(&view.watch.name, &demand, &caller.author)
                .await
        });
        let asked = waiting::served(&app, &asked.await?, wait.0, &limits).await?;
        Ok(Answer::Accepted(Json(asked)))
    }
}
