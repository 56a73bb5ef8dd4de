use registrywatcher::deployment::Failure;
use registrywatcher::ports::Progress;

use super::{Expected, Facts};
use crate::blame;
use crate::handle::Before;
use crate::service::{UpdateState, UpdateStatus};

/// Judges a rollout whose service no longer is as it was asked for: Swarm went back, or somebody did, or somebody deployed
/// over it.
pub(super) fn judge(facts: &Facts, expected: &Expected<'_>) -> Progress {
    let service = &facts.service;
    let reason = |what: &str| {
        let is_job = service.spec().mode().is_job();
        blame::of(what, expected.tasks_of(facts), is_job)
    };
    let rollback = service.update().filter(|update| update.state.is_rollback());
    let exchanged = service
        .previous()
        .is_some_and(|previous| previous.template().carries(expected.apply.id));
    let is_as_before = Before::of(service.spec()) == expected.handle.before;
    match rollback {
        // One that was asked for exchanges the two; of its own accord, Swarm forgets the one that failed.
        Some(update) if exchanged => undone(&update, "somebody rolled it back", reason),
        Some(update) if is_as_before && service.previous().is_none() => {
            undone(&update, "swarm rolled it back", reason)
        }
        // The service was changed since, so that it no longer tells; the tasks do.
        _ if is_as_before && super::culprit(facts, expected).is_some() => Progress::Failed {
            reason: reason("the service is again what it was before"),
            restored: true,
        },
        _ => Progress::Superseded,
    }
}

fn undone(update: &UpdateStatus, whose: &str, reason: impl FnOnce(&str) -> Failure) -> Progress {
    let message = update.message.as_str();
    match update.state {
        UpdateState::RollbackStarted => Progress::Rolling {
            detail: format!("{whose}: {message}"),
        },
        UpdateState::RollbackCompleted => Progress::Failed {
            reason: reason(whose),
            restored: true,
        },
        _ => Progress::Failed {
            reason: reason(&format!("{whose}: {message}")),
            restored: false,
        },
    }
}
