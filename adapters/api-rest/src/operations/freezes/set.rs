use std::sync::Arc;

use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};

use crate::operations::{self, Group, Served};
use crate::permitted::{Administering, Permitted};
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
    const KINDS: &[Kind] = &[Kind::Invalid, Kind::LostRace, Kind::StoreUnavailable];
}

pub(crate) struct SetFreeze;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Freezes")]
impl SetFreeze {
    /// Freeze all watches
    ///
    /// Starts no deployment until then; those that were started go on. A freeze of all watches that holds already is
    /// replaced.
    #[oai(path = "/freeze", method = "put", operation_id = "setFreeze")]
    async fn set_freeze(
        &self,
        caller: Permitted<Administering>,
        app: Served<'_>,
        freeze: Json<FreezeDemand>,
    ) -> Result<Answer, Failure<Refusals>> {
        let new = freeze.0.of(None)?;
        let app = Arc::clone(app.0);
        let freeze = operations::to_its_end(async move { app.freeze(&new, &caller.author).await });
        Ok(Answer::Frozen(Json(Freeze::from(&freeze.await?))))
    }
}
