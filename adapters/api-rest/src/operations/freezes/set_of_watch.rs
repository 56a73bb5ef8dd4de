use std::sync::Arc;

use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};

use crate::operations::{self, Group, Served};
use crate::permitted::{Deploying, Permitted};
use crate::problem::{Failure, Kind, Problems};
use crate::wire::{Freeze, FreezeDemand};

#[derive(ApiResponse)]
enum Answer {
    /// The freeze that holds now.
    #[oai(status = 200)]
    Frozen(Json<Freeze>),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[
        Kind::Invalid,
        Kind::UnknownWatch,
        Kind::LostRace,
        Kind::StoreUnavailable,
    ];
}

pub(crate) struct SetFreezeOfWatch;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Freezes")]
impl SetFreezeOfWatch {
    /// Freeze one watch
    ///
    /// Starts no deployment of the watch until then; those that were started go on. A freeze of the watch that holds already
    /// is replaced.
    #[oai(
        path = "/watches/:watch/freeze",
        method = "put",
        operation_id = "setFreezeOfWatch"
    )]
    async fn set_freeze_of_watch(
        &self,
        caller: Permitted<Deploying>,
        app: Served<'_>,
        /// The name of the watch.
        watch: Path<String>,
        freeze: Json<FreezeDemand>,
    ) -> Result<Answer, Failure<Refusals>> {
        let new = freeze.0.of(Some(operations::watch_name(&watch)?))?;
        let app = Arc::clone(app.0);
        let freeze = operations::to_its_end(async move { app.freeze(&new, &caller.author).await });
        Ok(Answer::Frozen(Json(Freeze::from(&freeze.await?))))
    }
}
