use std::sync::Arc;

use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};

use crate::operations::{self, Group, Served};
use crate::permitted::{Deploying, Permitted};
use crate::problem::{Failure, Kind, Problems};
use crate::wire::Watch;

#[derive(ApiResponse)]
enum Answer {
    /// The watch, as it is after that.
    #[oai(status = 200)]
    Checked(Json<Watch>),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[
        Kind::UnknownWatch,
        Kind::AttendedElsewhere,
        Kind::RegistryUnavailable,
    ];
}

pub(crate) struct CheckWatch;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Watches")]
impl CheckWatch {
    /// Check a watch now
    ///
    /// Asks the registry at once instead of at the next poll, decides, and deploys what is wanted then as any poll does. Nothing
    /// else is changed. It is for a push hook: whoever has pushed a tag need not wait for the interval.
    #[oai(
        path = "/watches/:watch/check",
        method = "post",
        operation_id = "checkWatch"
    )]
    async fn check_watch(
        &self,
        _caller: Permitted<Deploying>,
        app: Served<'_>,
        /// The name of the watch.
        watch: Path<String>,
    ) -> Result<Answer, Failure<Refusals>> {
        let name = operations::watch_name(&watch)?;
        let checking = Arc::clone(app.0);
        let view = operations::to_its_end(async move { checking.check(&name).await }).await?;
        let quarantined = app.quarantined(&view.watch);
        let watch = Watch::in_full(view, app.frozen().as_ref(), quarantined);
        Ok(Answer::Checked(Json(watch)))
    }
}
