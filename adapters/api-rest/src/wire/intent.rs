use poem_openapi::{Enum, Object};
use registrywatcher::app;
use registrywatcher::image::Tag;
use registrywatcher::intent;
use serde::Serialize;
use uuid::Uuid;

use super::{Deployment, DeploymentAsked, Given, Text, Timestamp};
use crate::problem::Fault;

/// What an operator wants of a watch.
#[derive(Debug, Object, Serialize)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Intent {
    /// Raised by each change; give it back as `expected_revision`, or in `If-Match`, to notice a lost race.
    revision: u64,
    /// Which tag.
    target: Target,
    /// The pinned tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    /// Whether anything is deployed without being asked for.
    auto_deploy: bool,
    /// Why nothing is deployed by itself until something newer appears.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<OperatorHold>,
}

/// Which tag is wanted. There may be new ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    /// The one that the policy picks.
    Track,
    /// One tag, followed by digest.
    Pin,
}

/// Keeps a watch as it is until something newer appears.
#[derive(Debug, Object, Serialize)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct OperatorHold {
    /// Who asked for what brought it about.
    by: String,
    /// Why, for people.
    reason: String,
    /// Since when.
    since: Timestamp,
    /// The tag that must be surpassed; without one, anything lifts the hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    past_tag: Option<String>,
}

impl Intent {
    /// The revision as a strong entity tag.
    pub(crate) fn etag(&self) -> String {
        format!("\"{}\"", self.revision)
    }
}

impl From<intent::Intent> for Intent {
    fn from(intent: intent::Intent) -> Self {
        let tag = intent.target.pinned().map(ToString::to_string);
        Self {
            revision: intent.revision,
            target: if tag.is_some() {
                Target::Pin
            } else {
                Target::Track
            },
            tag,
            auto_deploy: intent.auto_deploy,
            hold: intent.hold.map(OperatorHold::from),
        }
    }
}

impl From<intent::OperatorHold> for OperatorHold {
    fn from(hold: intent::OperatorHold) -> Self {
        Self {
            by: hold.by.to_string(),
            reason: hold.reason,
            since: hold.since.into(),
            past_tag: hold.past.map(|candidate| candidate.tag.to_string()),
        }
    }
}

/// What an operator wants of a watch after a change, and what was asked for with it: pinning asks for a deployment.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct IntentChanged {
    /// Raised by each change; give it back as `expected_revision`, or in `If-Match`, to notice a lost race.
    revision: u64,
    /// Which tag.
    target: Target,
    /// The pinned tag.
    tag: Option<String>,
    /// Whether anything is deployed without being asked for.
    auto_deploy: bool,
    /// Why nothing is deployed by itself until something newer appears.
    hold: Option<OperatorHold>,
    /// The request, by which deployments and events tell of it; given when the watch was pinned.
    request: Option<Uuid>,
    /// The deployments that the request led to so far, oldest first; given when the watch was pinned.
    deployments: Option<Vec<Deployment>>,
    /// Whether nothing more comes of the request; given when the watch was pinned.
    ended: Option<bool>,
}

impl IntentChanged {
    pub(crate) fn new(intent: Intent, asked: Option<DeploymentAsked>) -> Self {
        let Intent {
            revision,
            target,
            tag,
            auto_deploy,
            hold,
        } = intent;
        let changed = Self {
            revision,
            target,
            tag,
            auto_deploy,
            hold,
            request: None,
            deployments: None,
            ended: None,
        };
        match asked {
            None => changed,
            Some(asked) => Self {
                request: Some(asked.request),
                deployments: Some(asked.deployments),
                ended: Some(asked.ended),
                ..changed
            },
        }
    }
}

/// What to change of an intent; what is left out stays.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub(crate) struct IntentChange {
    /// Which tag from now on. Pinning deploys the tag, whatever runs; tracking ends a hold.
    target: Given<Target>,
    /// The tag to pin to; given exactly when `target` is `pin`.
    tag: Given<Text<Tag>>,
    /// Whether anything is deployed without being asked for.
    auto_deploy: Given<bool>,
    /// Whether to keep the watch as it is until something newer than what is wanted now appears; `false` ends a hold.
    hold: Given<bool>,
    /// Why, for people; given exactly when `hold` is `true`.
    hold_reason: Given<Text<String>>,
    /// The revision that this change was decided on; if it is not the present one, nothing is changed.
    #[oai(validator(maximum(value = "9007199254740991")))]
    expected_revision: Given<u64>,
}

impl TryFrom<IntentChange> for app::IntentChange {
    type Error = Fault;

    fn try_from(change: IntentChange) -> Result<Self, Fault> {
        let target = match (change.target.0, change.tag.0) {
            (Some(Target::Pin), Some(Text(tag))) => Some(intent::Target::Pin(tag)),
            (Some(Target::Pin), None) => {
                return Err(Fault::invalid("tag", "say which tag to pin to"));
            }
            (Some(Target::Track), None) => Some(intent::Target::Track),
            (Some(Target::Track) | None, Some(_)) => {
                return Err(Fault::invalid(
                    "tag",
                    "only goes with `\"target\": \"pin\"`",
                ));
            }
            (None, None) => None,
        };
        let hold = hold_change(change.hold.0, change.hold_reason.0.as_ref())?;
        if target.is_none() && change.auto_deploy.0.is_none() && hold.is_none() {
            return Err(Fault::invalid(
                "body",
                "neither `target`, `auto_deploy` nor `hold` is given",
            ));
        }
        Ok(Self {
            target,
            auto_deploy: change.auto_deploy.0,
            hold,
            expected: change.expected_revision.0,
        })
    }
}

fn hold_change(
    hold: Option<bool>,
    reason: Option<&Text<String>>,
) -> Result<Option<app::HoldChange>, Fault> {
    match (hold, reason.map(|Text(reason)| reason.trim())) {
        (Some(true), None | Some("")) => Err(Fault::invalid("hold_reason", "say why")),
        (Some(true), Some(reason)) => Ok(Some(app::HoldChange::Hold {
            reason: reason.to_owned(),
        })),
        (Some(false) | None, Some(_)) => Err(Fault::invalid(
            "hold_reason",
            "only goes with `\"hold\": true`",
        )),
        (Some(false), None) => Ok(Some(app::HoldChange::Release)),
        (None, None) => Ok(None),
    }
}
