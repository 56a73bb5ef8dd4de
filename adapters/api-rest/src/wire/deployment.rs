use poem_openapi::{Enum, Object};
use registrywatcher::deployment::{self, State};
use uuid::Uuid;

use super::Timestamp;
use super::decision::Cause;

/// One recorded attempt to bring a workload to an image.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Deployment {
    /// Its identity, and the mark beside the image at the orchestrator.
    id: Uuid,
    /// The watch it belongs to.
    watch: String,
    /// What is brought to the image.
    workload: String,
    /// What the orchestrator rolls as one with it.
    unit: String,
    /// The repository.
    repository: String,
    /// The tag that is deployed.
    tag: String,
    /// What that tag pointed to: the digest that is deployed.
    digest: String,
    /// Why.
    cause: Cause,
    /// The request that it serves, if somebody asked for it.
    request: Option<Uuid>,
    /// Whether the workload is replaced although it runs the image already.
    forced: bool,
    /// The tag that ran before, where one is known.
    previous_tag: Option<String>,
    /// The digest that ran before, where it is known.
    previous_digest: Option<String>,
    /// How far it is.
    state: DeploymentState,
    /// What went wrong; given when it failed.
    failure: Option<Failure>,
    /// Why it was given up; given when it was.
    reason: Option<String>,
    /// The deployment that takes its place.
    superseded_by: Option<Uuid>,
    /// When it was recorded.
    created_at: Timestamp,
    /// When it is given up.
    deadline: Timestamp,
    /// When it ended.
    ended_at: Option<Timestamp>,
}

/// How far a deployment is. There may be new ones; only of those that have ended `ended_at` is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(crate) enum DeploymentState {
    /// It waits until its unit is free.
    Requested,
    /// The orchestrator is being asked.
    Applying,
    /// The orchestrator accepted and rolls out.
    Rolling,
    /// Canaries are healthy and wait to be promoted.
    AwaitingPromotion,
    /// The workload runs the image and is healthy.
    Succeeded,
    /// It did not come to run healthily.
    Failed,
    /// A successor took its place before it ended.
    Superseded,
    /// It was given up without an outcome.
    Abandoned,
}

/// Why a deployment failed.
#[derive(Debug, Object)]
#[oai(rename = "DeploymentFailure")]
pub(crate) struct Failure {
    /// Whose fault it was, and so what happens next.
    fault: FailureFault,
    /// What went wrong, in the orchestrator's words.
    message: String,
    /// Whether the orchestrator brought back what ran before.
    restored: bool,
}

/// Whose fault a failure was. There may be new ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(crate) enum FailureFault {
    /// The image's: it is quarantined.
    Image,
    /// The orchestrator's: it is tried again later.
    Orchestrator,
    /// The workload cannot be deployed to as it is: somebody must change something first.
    Workload,
}

impl From<deployment::Deployment> for Deployment {
    fn from(deployment: deployment::Deployment) -> Self {
        let previous = deployment.previous.as_ref();
        let superseded_by = match &deployment.state {
            State::Superseded { by, .. } => *by,
            _ => deployment.superseded_by,
        };
        let reason = match &deployment.state {
            State::Abandoned { reason, .. } => Some(reason.clone()),
            _ => None,
        };
        Self {
            id: deployment.id.0,
            watch: deployment.watch.to_string(),
            workload: deployment.workload.to_string(),
            unit: deployment.unit.to_string(),
            repository: deployment.repository().to_string(),
            tag: deployment.tag().to_string(),
            digest: deployment.image().digest.to_string(),
            cause: Cause::from(&deployment.cause),
            request: deployment.cause.request().map(|request| request.0),
            forced: deployment.forced,
            previous_tag: previous.and_then(|previous| Some(previous.tag.as_ref()?.to_string())),
            previous_digest: previous
                .and_then(|previous| Some(previous.digest.as_ref()?.to_string())),
            state: DeploymentState::from(&deployment.state),
            failure: Failure::of(&deployment.state),
            reason,
            superseded_by: superseded_by.map(|id| id.0),
            created_at: deployment.created_at.into(),
            deadline: deployment.deadline.into(),
            ended_at: deployment.state.ended_at().map(Timestamp::from),
        }
    }
}

impl From<&State> for DeploymentState {
    fn from(state: &State) -> Self {
        match state {
            State::Requested => Self::Requested,
            State::Applying { .. } => Self::Applying,
            State::Rolling { .. } => Self::Rolling,
            State::AwaitingPromotion { .. } => Self::AwaitingPromotion,
            State::Succeeded { .. } => Self::Succeeded,
            State::Failed { .. } => Self::Failed,
            State::Superseded { .. } => Self::Superseded,
            State::Abandoned { .. } => Self::Abandoned,
        }
    }
}

impl Failure {
    fn of(state: &State) -> Option<Self> {
        let State::Failed {
            reason, restored, ..
        } = state
        else {
            return None;
        };
        Some(Self {
            fault: match reason {
                deployment::Failure::Image { .. } => FailureFault::Image,
                deployment::Failure::Orchestrator { .. } => FailureFault::Orchestrator,
                deployment::Failure::Workload { .. } => FailureFault::Workload,
            },
            message: reason.message().to_owned(),
            restored: *restored,
        })
    }
}
