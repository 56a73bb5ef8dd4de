use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

use crate::operations::{Group, Served};
use crate::permitted::{Across, Permitted, Viewing};
use crate::wire::Freeze;

/// Whether deployments of all watches are stopped.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct FreezeOfAll {
    /// What stops them; left out if nothing does.
    freeze: Option<Freeze>,
}

#[derive(ApiResponse)]
enum Answer {
    /// The freeze of all watches, if there is one.
    #[oai(status = 200)]
    Found(Json<FreezeOfAll>),
}

pub(crate) struct GetFreeze;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Freezes")]
impl GetFreeze {
    /// Read the freeze of all watches
    ///
    /// The one of a watch alone stands with the watch.
    #[oai(path = "/freeze", method = "get", operation_id = "getFreeze")]
    async fn get_freeze(&self, _caller: Permitted<Across<Viewing>>, app: Served<'_>) -> Answer {
        let freeze = app.frozen().as_ref().map(Freeze::from);
        Answer::Found(Json(FreezeOfAll { freeze }))
    }
}
