use std::sync::Arc;

use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};

use crate::operations::{self, Group, Served};
use crate::permitted::{Deploying, Permitted};
use crate::problem::{Failure, Kind, Message, Problems};

#[derive(ApiResponse)]
enum Answer {
    /// It is stored, and acted on.
    #[oai(status = 200)]
    Reset(Json<Message>),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[
        Kind::UnknownWatch,
        Kind::LostRace,
        Kind::NothingWanted,
        Kind::Frozen,
        Kind::TagNotFound,
        Kind::RegistryUnavailable,
        Kind::StoreUnavailable,
    ];
}

pub(crate) struct ResetTag;

#[OpenApi(tag = "Group::Go")]
impl ResetTag {
    /// Track again with auto-deploy on, and deploy
    ///
    /// Deploys the tag that the policy picks, whatever runs. Refused while deployments are frozen.
    #[oai(path = "/tags/:repo/reset", method = "post", operation_id = "resetTag")]
    async fn reset_tag(
        &self,
        caller: Permitted<Deploying>,
        app: Served<'_>,
        /// The name of the watch.
        repo: Path<String>,
    ) -> Result<Answer, Failure<Refusals>> {
        let name = operations::watch_name(&repo)?;
        let served = Arc::clone(app.0);
        operations::to_its_end(async move { served.reset(&name, &caller.author).await }).await?;
        let wanted = operations::view(&app, &repo)?.wanted;
        let wanted = wanted.map(|tag| tag.to_string()).unwrap_or_default();
        Ok(Answer::Reset(Json(Message::new(format!(
            "Deploying to {wanted}"
        )))))
    }
}
