use poem_openapi::param::Path;
use poem_openapi::{ApiResponse, OpenApi};

use crate::operations::{self, Group, Served};
use crate::permitted::{Permitted, Viewing};
use crate::problem::{Failure, Kind, Problems};
use crate::wire::{Watch, Written};

#[derive(ApiResponse)]
enum Answer {
    /// The watch.
    #[oai(status = 200)]
    Found(Written<Watch>),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[Kind::UnknownWatch];
}

pub(crate) struct GetWatch;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Watches")]
impl GetWatch {
    /// Read one watch
    ///
    /// All that is known of one watch, with its tags and how much is in its quarantine.
    #[oai(path = "/watches/:watch", method = "get", operation_id = "getWatch")]
    async fn get_watch(
        &self,
        _caller: Permitted<Viewing>,
        app: Served<'_>,
        /// The name of the watch.
        watch: Path<String>,
    ) -> Result<Answer, Failure<Refusals>> {
        let view = operations::view(&app, &watch)?;
        let quarantined = app.quarantined(&view.watch);
        let watch = Watch::in_full(view, app.frozen().as_ref(), quarantined);
        Ok(Answer::Found(Written(watch)))
    }
}
