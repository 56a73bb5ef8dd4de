use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};

use crate::operations::{self, Group, Served};
use crate::permitted::{Permitted, Viewing};
use crate::problem::{Failure, Fault, Kind, Problems};
use crate::wire::{Explanation, default_limit};

#[derive(ApiResponse)]
enum Answer {
    /// Why the watch does what it does.
    #[oai(status = 200)]
    Explained(Json<Explanation>),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[Kind::Invalid, Kind::UnknownWatch];
}

pub(crate) struct GetDecision;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Watches")]
impl GetDecision {
    /// Explain what a watch does
    ///
    /// Which tags count and which of them is wanted, and for each workload what was decided and every gate that a deployment
    /// has to pass, open or closed, with the moment at which it opens by itself.
    #[oai(
        path = "/watches/:watch/decision",
        method = "get",
        operation_id = "getDecision"
    )]
    async fn get_decision(
        &self,
        _caller: Permitted<Viewing>,
        app: Served<'_>,
        /// The name of the watch.
        watch: Path<String>,
        /// How many candidates are told at most, the best ones.
        #[oai(
            default = "default_limit",
            validator(minimum(value = "1"), maximum(value = "200"))
        )]
        limit: Query<u32>,
    ) -> Result<Answer, Failure<Refusals>> {
        let name = operations::watch_name(&watch)?;
        let explanation = app.explain(&name, limit.0 as usize);
        let explanation = explanation.ok_or_else(|| Fault::unknown_watch(&watch))?;
        Ok(Answer::Explained(Json(explanation.into())))
    }
}
