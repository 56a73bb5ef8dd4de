use std::sync::Arc;

use poem_openapi::param::Path;
use poem_openapi::{ApiResponse, OpenApi};

use crate::operations::{self, Group, Served};
use crate::permitted::{Deploying, Permitted};
use crate::problem::{Failure, Kind, Problems};

#[derive(ApiResponse)]
enum Answer {
    /// No freeze of this watch alone holds now.
    #[oai(status = 204)]
    Ended,
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[Kind::UnknownWatch, Kind::LostRace, Kind::StoreUnavailable];
}

pub(crate) struct EndFreezeOfWatch;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Freezes")]
impl EndFreezeOfWatch {
    /// End the freeze of one watch
    ///
    /// Deploys what is wanted at once, unless all watches are frozen. Nothing happens if the watch is not frozen.
    #[oai(
        path = "/watches/:watch/freeze",
        method = "delete",
        operation_id = "endFreezeOfWatch"
    )]
    async fn end_freeze_of_watch(
        &self,
        caller: Permitted<Deploying>,
        app: Served<'_>,
        /// The name of the watch.
        watch: Path<String>,
    ) -> Result<Answer, Failure<Refusals>> {
        let name = operations::watch_name(&watch)?;
        let app = Arc::clone(app.0);
        operations::to_its_end(async move { app.unfreeze(Some(&name), &caller.author).await })
            .await?;
        Ok(Answer::Ended)
    }
}
