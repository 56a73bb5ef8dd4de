use std::sync::Arc;

use poem_openapi::{ApiResponse, OpenApi};

use crate::operations::{self, Group, Served};
use crate::permitted::{Administering, Permitted};
use crate::problem::{Failure, Kind, Problems};

#[derive(ApiResponse)]
enum Answer {
    /// No freeze of all watches holds now.
    #[oai(status = 204)]
    Ended,
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[Kind::LostRace, Kind::StoreUnavailable];
}

pub(crate) struct EndFreeze;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Freezes")]
impl EndFreeze {
    /// End the freeze of all watches
    ///
    /// Deploys what is wanted at once. Freezes of one watch alone stay; nothing happens if there is no freeze of all.
    #[oai(path = "/freeze", method = "delete", operation_id = "endFreeze")]
    async fn end_freeze(
        &self,
        caller: Permitted<Administering>,
        app: Served<'_>,
    ) -> Result<Answer, Failure<Refusals>> {
        let app = Arc::clone(app.0);
        operations::to_its_end(async move { app.unfreeze(None, &caller.author).await }).await?;
        Ok(Answer::Ended)
    }
}
