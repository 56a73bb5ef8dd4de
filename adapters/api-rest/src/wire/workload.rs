use poem_openapi::{Enum, Object};
use registrywatcher::app::WorkloadView;
use registrywatcher::deployment::{self, Runs};
use serde::Serialize;
use uuid::Uuid;

use super::decision::Decision;

/// A workload of a watch, and all that is known of it.
#[derive(Debug, Object, Serialize)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Workload {
    /// Which workload: the deployer, and the address that only the deployer reads.
    name: String,
    /// What the orchestrator rolls as one with it.
    unit: String,
    /// What it runs.
    running: Running,
    /// What was last decided; left out before the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<Decision>,
    /// Its last deployment that failed, unless another one made up for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<FailedRollout>,
    /// Its deployment that has not ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment: Option<Uuid>,
    /// What that deployment waits for, in the deployer's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<String>,
}

/// A deployment that failed.
#[derive(Debug, Object, Serialize)]
struct FailedRollout {
    /// Which deployment.
    deployment: Uuid,
    /// The tag it deployed.
    tag: String,
    /// The digest it deployed.
    digest: String,
    /// What went wrong, in the orchestrator's words.
    reason: String,
    /// Whether what ran before runs again.
    restored: bool,
}

impl From<deployment::FailedRollout> for FailedRollout {
    fn from(failed: deployment::FailedRollout) -> Self {
        Self {
            deployment: failed.deployment.0,
            tag: failed.candidate.tag.to_string(),
            digest: failed.candidate.image.digest.to_string(),
            reason: failed.reason.to_string(),
            restored: failed.restored,
        }
    }
}

/// What a workload runs.
#[derive(Debug, Object, Serialize)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Running {
    /// Whether it is known, and whether it runs anything.
    state: RunningState,
    /// Why it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
    /// Its tag, where one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    /// Its digest, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    /// Who brought it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
    /// The platform it runs on, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
}

/// Whether it is known what a workload runs. There may be new ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub(crate) enum RunningState {
    /// It could not be asked for.
    Unknown,
    /// It runs no image.
    Nothing,
    /// It runs an image.
    Image,
}

/// Who brought an image to a workload. There may be new ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    /// We did.
    Ours,
    /// It ran before us; its digest is assumed from its tag.
    Assumed,
    /// Somebody else did.
    Outside,
}

impl From<WorkloadView> for Workload {
    fn from(view: WorkloadView) -> Self {
        Self {
            name: view.workload.to_string(),
            unit: view.unit.as_str().to_owned(),
            running: Running::from(&view.runs),
            decision: view.decided.map(Decision::from),
            failed: view.failed.map(FailedRollout::from),
            deployment: view.in_flight.map(|deployment| deployment.id.0),
            progress: view.progress,
        }
    }
}

impl From<&Runs> for Running {
    fn from(runs: &Runs) -> Self {
        let (state, fault) = match runs {
            Runs::Unknown { why } => (RunningState::Unknown, Some(why.clone())),
            Runs::Nothing => (RunningState::Nothing, None),
            Runs::Something { .. } => (RunningState::Image, None),
        };
        Self {
            state,
            fault,
            tag: runs.tag().map(|tag| tag.as_str().to_owned()),
            digest: runs.image().map(|image| image.digest.as_str().to_owned()),
            origin: runs.origin().map(Origin::from),
            platform: runs.platform().map(ToString::to_string),
        }
    }
}

impl From<deployment::Origin> for Origin {
    fn from(origin: deployment::Origin) -> Self {
        match origin {
            deployment::Origin::Ours => Self::Ours,
            deployment::Origin::Assumed => Self::Assumed,
            deployment::Origin::Outside => Self::Outside,
        }
    }
}
