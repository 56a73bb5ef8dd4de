use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use registrywatcher::app::IntentChange;
use registrywatcher::image::ParseTagError;
use registrywatcher::intent::Target;

use crate::operations::{self, Group, Served};
use crate::permitted::{Deploying, Permitted};
use crate::problem::{Failure, Fault, Kind, Message, Problems};
use crate::wire::{Spelled, Text};

/// What to change; at least one of the two.
#[derive(Debug, Object)]
struct TagChange {
    /// The tag to pin to and to deploy, whatever runs; empty to track again.
    pinned_tag: Option<Text<PinnedTag>>,
    /// Whether anything is deployed without being asked for.
    auto_deploy: Option<bool>,
}

/// A tag, or nothing for tracking.
#[derive(Debug)]
struct PinnedTag(Target);

impl FromStr for PinnedTag {
    type Err = ParseTagError;

    fn from_str(text: &str) -> Result<Self, ParseTagError> {
        if text.is_empty() {
            return Ok(Self(Target::Track));
        }
        text.parse().map(|tag| Self(Target::Pin(tag)))
    }
}

impl fmt::Display for PinnedTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.pinned().map_or(Ok(()), |tag| tag.fmt(f))
    }
}

impl Spelled for PinnedTag {
    const PATTERN: Option<&'static str> = Some("^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$");
}

#[derive(ApiResponse)]
enum Answer {
    /// It is stored, and acted on.
    #[oai(status = 200)]
    Changed(Json<Message>),
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

pub(crate) struct ChangeTag;

#[OpenApi(tag = "Group::Go")]
impl ChangeTag {
    /// Pin, track, or switch auto-deploy
    ///
    /// Acts on it at once. A tag to pin to is looked up in the registry at this moment; if the registry cannot be asked,
    /// nothing is changed. Pinning is refused while deployments are frozen.
    #[oai(path = "/tags/:repo", method = "post", operation_id = "changeTag")]
    async fn change_tag(
        &self,
        caller: Permitted<Deploying>,
        app: Served<'_>,
        /// The name of the watch.
        repo: Path<String>,
        change: Json<TagChange>,
    ) -> Result<Answer, Failure<Refusals>> {
        let name = operations::watch_name(&repo)?;
        let change = IntentChange {
            target: change.0.pinned_tag.map(|Text(PinnedTag(target))| target),
            auto_deploy: change.0.auto_deploy,
            ..IntentChange::default()
        };
        let message = message(&change)?;
        let app = Arc::clone(app.0);
        operations::to_its_end(
            async move { app.change_intent(&name, &change, &caller.author).await },
        )
        .await?;
        Ok(Answer::Changed(Json(Message::new(message))))
    }
}

/// The Go service's words for what is done.
fn message(change: &IntentChange) -> Result<String, Fault> {
    match (&change.target, change.auto_deploy) {
        (Some(Target::Pin(tag)), _) => Ok(format!("Deploying to {tag}")),
        (Some(Target::Track), _) => Ok("Tracking again".to_owned()),
        (None, Some(on)) => Ok(format!("Auto deployment set to {on}")),
        (None, None) => {
            let detail = "Either pinned_tag or auto_deploy must be specified.";
            Err(Fault::new(Kind::Invalid, detail))
        }
    }
}
