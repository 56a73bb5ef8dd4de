use poem_openapi::{Enum, Object};
use registrywatcher::app::Decided;
use registrywatcher::{decision, deployment};
use serde::Serialize;

use super::Timestamp;

/// What was last decided on a workload, with the complete reason.
#[derive(Debug, Object, Serialize)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Decision {
    /// What is done.
    outcome: Outcome,
    /// Since when the decision has been the same.
    since: Timestamp,
    /// The decision in a sentence, for people.
    message: String,
    /// The tag that is deployed, would be, or runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    /// What that tag points to.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    /// Why it is deployed, or would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Cause>,
    /// All that stands in the way; empty unless the outcome is `hold`.
    reasons: Vec<HoldReason>,
    /// When all of it will have passed, if it passes with time.
    #[serde(skip_serializing_if = "Option::is_none")]
    earliest: Option<Timestamp>,
}

/// What is done with a workload. There may be new ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize)]
#[oai(rename_all = "snake_case", rename = "DecisionOutcome")]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// What is wanted is deployed.
    Deploy,
    /// What is wanted runs.
    UpToDate,
    /// Nothing is deployed for now.
    Hold,
}

/// Why something is deployed.
#[derive(Debug, Object, Serialize)]
pub(crate) struct Cause {
    /// In one word, such as `newer_version`, `requested` or `restore`; there may be new ones.
    name: String,
    /// In a sentence, for people.
    message: String,
}

/// One thing that stands in the way of a deployment.
#[derive(Debug, Object, Serialize)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct HoldReason {
    /// In one word, such as `auto_deploy_off`, `quarantined`, `rolled_back` or `frozen`; there may be new ones.
    name: String,
    /// In a sentence, for people.
    message: String,
    /// When it passes by itself, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

impl From<Decided> for Decision {
    fn from(Decided { decision, since }: Decided) -> Self {
        let message = decision.to_string();
        let (outcome, candidate, cause, hold) = match decision {
            decision::Decision::Deploy(deploy) => (
                Outcome::Deploy,
                Some(deploy.candidate),
                Some(deploy.cause),
                None,
            ),
            decision::Decision::UpToDate { candidate } => {
                (Outcome::UpToDate, Some(candidate), None, None)
            }
            decision::Decision::Hold(mut hold) => (
                Outcome::Hold,
                hold.candidate.take(),
                hold.cause.take(),
                Some(hold),
            ),
        };
        let earliest = hold.as_ref().and_then(|hold| hold.earliest);
        let reasons = hold.map(|hold| hold.reasons).unwrap_or_default();
        Self {
            outcome,
            since: since.into(),
            message,
            tag: candidate
                .as_ref()
                .map(|candidate| candidate.tag.as_str().to_owned()),
            digest: candidate.map(|candidate| candidate.image.digest.as_str().to_owned()),
            cause: cause.as_ref().map(Cause::from),
            reasons: reasons.iter().map(HoldReason::from).collect(),
            earliest: earliest.map(Timestamp::from),
        }
    }
}

impl From<&deployment::Cause> for Cause {
    fn from(cause: &deployment::Cause) -> Self {
        Self {
            name: cause.name().to_owned(),
            message: cause.to_string(),
        }
    }
}

impl From<&decision::HoldReason> for HoldReason {
    fn from(reason: &decision::HoldReason) -> Self {
        Self {
            name: reason.name().to_owned(),
            message: reason.to_string(),
            until: reason.until().map(Timestamp::from),
        }
    }
}
