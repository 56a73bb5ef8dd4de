use std::sync::Arc;

use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};
use registrywatcher::app;

use crate::operations::{self, Group, Served};
use crate::permitted::{Deploying, Permitted};
use crate::problem::{Failure, Kind, Problems};
use crate::wire::{Intent, IntentChange};

#[derive(ApiResponse)]
enum Answer {
    /// The intent as it is now.
    #[oai(status = 200)]
    Changed(Json<Intent>),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[
        Kind::Invalid,
        Kind::UnknownWatch,
        Kind::LostRace,
        Kind::Frozen,
        Kind::TagNotFound,
        Kind::RegistryUnavailable,
        Kind::StoreUnavailable,
    ];
}

pub(crate) struct ChangeIntent;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Watches")]
impl ChangeIntent {
    /// Pin, track, or switch auto-deploy
    ///
    /// Changes what is wanted of a watch, and acts on it at once. A tag to pin to is looked up in the registry at this
    /// moment; if the registry cannot be asked, nothing is changed. Pinning is refused while deployments are frozen.
    #[oai(
        path = "/watches/:watch/intent",
        method = "patch",
        operation_id = "changeIntent"
    )]
    async fn change_intent(
        &self,
        caller: Permitted<Deploying>,
        app: Served<'_>,
        /// The name of the watch.
        watch: Path<String>,
        change: Json<IntentChange>,
    ) -> Result<Answer, Failure<Refusals>> {
        let name = operations::watch_name(&watch)?;
        let change = app::IntentChange::try_from(change.0)?;
        let app = Arc::clone(app.0);
        let intent = operations::to_its_end(async move {
            app.change_intent(&name, &change, &caller.author).await
        });
        Ok(Answer::Changed(Json(intent.await?.into())))
    }
}
