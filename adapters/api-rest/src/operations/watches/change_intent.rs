use std::sync::Arc;

use poem::http::HeaderMap;
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};
use registrywatcher::app::{self, CommandError};

use crate::ServerInfo;
use crate::operations::{self, Group, Served, waiting};
use crate::permitted::{Deploying, Permitted};
use crate::problem::{Failure, Fault, Kind, Problems};
use crate::wire::{Intent, IntentChange, IntentChanged};

/// The header that names the revision which a change was decided on.
const IF_MATCH: &str = "If-Match";

#[derive(ApiResponse)]
enum Answer {
    /// The intent as it is now, and what was asked for with it.
    #[oai(status = 200)]
    Changed(
        Json<IntentChanged>,
        /// Its revision, for `If-Match`.
        #[oai(header = "ETag")]
        String,
    ),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[
        Kind::Invalid,
        Kind::UnknownWatch,
        Kind::LostRace,
        Kind::Frozen,
        Kind::PreconditionFailed,
        Kind::TagNotFound,
        Kind::RegistryUnavailable,
        Kind::StoreUnavailable,
    ];
}

pub(crate) struct ChangeIntent;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Watches")]
impl ChangeIntent {
    /// Pin, track, hold, or switch auto-deploy
    ///
    /// Changes what is wanted of a watch, and acts on it at once. A tag to pin to is looked up in the registry at this
    /// moment; if the registry cannot be asked, nothing is changed. Pinning asks for a deployment, whatever runs, and is refused
    /// while deployments are frozen. With `If-Match` nothing is changed unless the intent still has that revision.
    #[oai(
        path = "/watches/:watch/intent",
        method = "patch",
        operation_id = "changeIntent"
    )]
    async fn change_intent(
        &self,
        caller: Permitted<Deploying>,
        app: Served<'_>,
        limits: Data<&ServerInfo>,
        headers: &HeaderMap,
        /// The name of the watch.
        watch: Path<String>,
        /// The revision that the change was decided on, as `ETag` gave it.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        /// How many seconds to wait for the end of what a pin asks for; the answer comes earlier when that has ended, or where the
        /// server takes less time for a request.
        #[oai(default, validator(maximum(value = "60")))]
        wait: Query<u32>,
        change: Json<IntentChange>,
    ) -> Result<Answer, Failure<Refusals>> {
        let name = operations::watch_name(&watch)?;
        let mut change = app::IntentChange::try_from(change.0)?;
        let if_match = operations::sole_header(headers, IF_MATCH, &if_match)?;
        let demanded = if_match.map(revision).transpose()?.flatten();
        if demanded.is_some() && change.expected.is_some() && demanded != change.expected {
            let detail = "is not the revision in `If-Match`";
            return Err(Fault::invalid("expected_revision", detail).into());
        }
        change.expected = demanded.or(change.expected);
        let changing = Arc::clone(app.0);
        let changed = operations::to_its_end(async move {
            let changed = changing.change_intent(&name, &change, &caller.author).await;
            changed.map_err(|error| match error {
                CommandError::Stale { .. } if demanded.is_some() => {
                    Fault::new(Kind::PreconditionFailed, error.to_string())
                }
                error => error.into(),
            })
        });
        let (intent, asked) = changed.await?;
        let asked = match asked {
            Some(asked) => Some(waiting::served(&app, &asked, wait.0, &limits).await?),
            None => None,
        };
        let intent = Intent::from(intent);
        let etag = intent.etag();
        let changed = IntentChanged::new(intent, asked);
        Ok(Answer::Changed(Json(changed), etag))
    }
}

/// The revision that `If-Match` demands; `*` demands none.
fn revision(if_match: &str) -> Result<Option<u64>, Fault> {
    let text = if_match.trim();
    if text == "*" {
        return Ok(None);
    }
    let quoted = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let revision = quoted.and_then(|text| text.parse().ok());
    let invalid = || Fault::invalid(IF_MATCH, "give one `ETag` of the intent, such as `\"7\"`");
    revision.map(Some).ok_or_else(invalid)
}
