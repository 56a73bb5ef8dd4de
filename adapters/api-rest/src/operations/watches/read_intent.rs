use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};

use crate::operations::{self, Group, Served};
use crate::permitted::{Permitted, Viewing};
use crate::problem::{Failure, Kind, Problems};
use crate::wire::Intent;

#[derive(ApiResponse)]
enum Answer {
    /// The intent.
    #[oai(status = 200)]
    Found(
        Json<Intent>,
        /// Its revision, for `If-Match`.
        #[oai(header = "ETag")]
        String,
    ),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[Kind::UnknownWatch];
}

pub(crate) struct GetIntent;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Watches")]
impl GetIntent {
    /// Read what is wanted of a watch
    ///
    /// With its revision as `ETag`, to change it only if nobody else did meanwhile.
    #[oai(
        path = "/watches/:watch/intent",
        method = "get",
        operation_id = "getIntent"
    )]
    async fn get_intent(
        &self,
        _caller: Permitted<Viewing>,
        app: Served<'_>,
        /// The name of the watch.
        watch: Path<String>,
    ) -> Result<Answer, Failure<Refusals>> {
        let view = operations::view(&app, &watch)?;
        let intent = Intent::from(view.intent);
        let etag = intent.etag();
        Ok(Answer::Found(Json(intent), etag))
    }
}
