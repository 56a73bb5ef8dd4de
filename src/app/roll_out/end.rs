use chrono::{DateTime, Utc};

use crate::app::transact::Draft;
use crate::deployment::{
    Cause, Deployment, DeploymentId, FailedRollout, Failure, InvalidTransition, Quarantined,
    Setback, State, Success,
};
use crate::event::EventKind;
use crate::intent::{Author, Request};
use crate::ports::{DeployError, RestraintChange};

/// How a deployment ends.
#[derive(Debug, Clone)]
pub(in crate::app) enum End {
    Succeeded,
    Failed { reason: Failure, restored: bool },
    Superseded,
    Abandoned { reason: String, by: Option<Author> },
}

impl End {
    pub(in crate::app) fn overdue(deployment: &Deployment) -> Self {
        let message = format!(
            "it had not ended by {}",
            deployment.deadline.format("%Y-%m-%d %H:%M:%SZ")
        );
        if deployment.state.is_active() {
            Self::Failed {
                reason: Failure::Orchestrator { message },
                restored: false,
            }
        } else {
            Self::given_up(message)
        }
    }

    /// By ourselves, not by an operator.
    pub(in crate::app) fn given_up(reason: String) -> Self {
        Self::Abandoned { reason, by: None }
    }

    pub(in crate::app) fn failed_by(error: &DeployError) -> Self {
        let message = error.to_string();
        let reason = if error.is_transient() {
            Failure::Orchestrator { message }
        } else {
            Failure::Workload { message }
        };
        Self::Failed {
            reason,
            restored: false,
        }
    }

    pub(in crate::app) fn enter(
        self,
        state: State,
        at: DateTime<Utc>,
        by: Option<DeploymentId>,
    ) -> Result<State, InvalidTransition> {
        match self {
            Self::Succeeded => state.succeed(at),
            Self::Failed { reason, restored } => state.fail(at, reason, restored),
            Self::Superseded => state.supersede(at, by),
            Self::Abandoned { reason, .. } => state.abandon(at, reason),
        }
    }

    /// What else changes, in the same transaction.
    pub(in crate::app) fn consequences(
        &self,
        ended: &Deployment,
        draft: &mut Draft,
        at: DateTime<Utc>,
    ) {
        let subject = ended.subject();
        match self {
            Self::Succeeded => {
                let stored = draft.watch().of_mut(&ended.workload);
                stored.setback = None;
                stored.failed = stored
                    .failed
                    .take()
                    .filter(|_| is_restore(ended))
                    .map(|failed| FailedRollout {
                        restored: true,
                        ..failed
                    });
                stored.success = Some(Success {
                    deployment: ended.id,
                    candidate: ended.candidate.clone(),
                    at,
                });
                draft.tell(EventKind::DeploymentSucceeded { subject });
            }
            Self::Failed { reason, restored } => {
                draft.tell(EventKind::DeploymentFailed {
                    subject,
                    reason: reason.clone(),
                    restored: *restored,
                });
                note_failure(ended, reason, *restored, draft, at);
                if reason.blames_image() {
                    quarantine(ended, reason, draft, at);
                } else {
                    set_back(ended, draft, at);
                }
                drop_rest_of_request(ended, draft);
            }
            Self::Superseded => {
                draft.tell(EventKind::DeploymentSuperseded {
                    subject,
                    by: ended.superseded_by,
                });
            }
            Self::Abandoned { reason, by } => {
                draft.tell(EventKind::DeploymentAbandoned {
                    subject,
                    reason: reason.clone(),
                    by: by.clone(),
                });
                drop_rest_of_request(ended, draft);
            }
        }
    }
}

fn is_restore(ended: &Deployment) -> bool {
    matches!(ended.cause, Cause::Restore { .. })
}

/// An image that an earlier deployment left behind may still run and is to be replaced: where it was not the image that failed
/// now, or where what ran before came back, bringing back what works is tried again.
fn note_failure(
    ended: &Deployment,
    reason: &Failure,
    restored: bool,
    draft: &mut Draft,
    at: DateTime<Utc>,
) {
    let stored = draft.watch().of_mut(&ended.workload);
    let leaves_broken = |failed: &FailedRollout| failed.reason.blames_image() && !failed.restored;
    let still_broken = stored.failed.as_ref().is_some_and(leaves_broken);
    let is_known = is_restore(ended) || still_broken;
    if is_known && !reason.blames_image() || still_broken && restored {
        return;
    }
    stored.failed = Some(FailedRollout {
        deployment: ended.id,
        candidate: ended.candidate.clone(),
        reason: reason.clone(),
        restored,
        at,
    });
}

fn quarantine(ended: &Deployment, reason: &Failure, draft: &mut Draft, since: DateTime<Utc>) {
    draft.watch().of_mut(&ended.workload).setback = None;
    draft.tell(EventKind::ImageQuarantined {
        tag: ended.tag().clone(),
        digest: ended.image().digest.clone(),
        reason: reason.message().to_owned(),
    });
    draft.restrain(RestraintChange::Quarantine(Quarantined {
        repository: ended.repository().clone(),
        candidate: ended.candidate.clone(),
        deployment: ended.id,
        reason: reason.message().to_owned(),
        since,
    }));
}

fn set_back(ended: &Deployment, draft: &mut Draft, last: DateTime<Utc>) {
    let stored = draft.watch().of_mut(&ended.workload);
    let before = stored
        .setback
        .as_ref()
        .map_or(0, |setback| setback.consecutive);
    stored.setback = Some(Setback {
        consecutive: before.saturating_add(1),
        last,
        deployment: ended.id,
    });
}

/// A failure stops the workloads that come after.
fn drop_rest_of_request(ended: &Deployment, draft: &mut Draft) {
    let is_rest = |request: &Request| !request.single && request.candidate == ended.candidate;
    let requests = std::mem::take(&mut draft.watch().requests);
    let (rest, kept): (Vec<_>, Vec<_>) = requests.into_iter().partition(is_rest);
    draft.watch().requests = kept;
    for request in rest {
        let reason = format!("the deployment to {} failed", ended.workload);
        draft.tell(EventKind::RequestDropped {
            request: request.id,
            reason,
        });
    }
}
