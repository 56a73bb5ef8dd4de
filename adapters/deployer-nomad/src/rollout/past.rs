use registrywatcher::deployment::Failure;
use registrywatcher::ports::Progress;

use super::deployment::is_rolled_back;
use super::{Expected, Facts, blame};
use crate::job::Job;

/// Judges a rollout whose job no longer is as it was registered: Nomad went back, somebody else did, or the
/// registration was overwritten.
pub(super) fn judge(facts: &Facts, job: &Job, expected: &Expected<'_>) -> Progress {
    let Some(ours) = expected.version(&facts.versions) else {
        return unknown_version(facts, expected);
    };
    let deployment = facts.deployment_of(ours);
    let allocations = facts.allocations_of(ours.version(), &expected.groups(ours));
    if let Some(deployment) = deployment.filter(|deployment| deployment.status == "failed") {
        let reason = blame::of_deployment(deployment, &allocations);
        return Progress::Failed {
            reason,
            restored: is_rolled_back(deployment),
        };
    }
    let content = expected.content(job);
    let is_older_again = facts
        .versions
        .iter()
        .any(|version| version.version() < ours.version() && expected.content(version) == content);
    if !is_older_again {
        return Progress::Superseded;
    }
    // What is still known of our version did not fail, or was never tried.
    let is_known = deployment.is_some() || facts.evaluation.is_some() || ours.is_stable();
    let reason = if is_known {
        Failure::Orchestrator {
            message: "the job was set back to what it ran before, by a revert, or because a nomad before \
                      1.10.11, 1.11.5 or 2.0.1 lost the update to another writer"
                .to_owned(),
        }
    } else {
        // All is forgotten, and the version never became stable: Nomad reverted it while we were away.
        blame::of_allocations(
            "nomad rolled back to an older version of the job",
            &allocations,
            true,
        )
    };
    Progress::Failed {
        reason,
        restored: true,
    }
}

/// Nomad keeps a few versions only: ours is too old to be kept, or was never written.
fn unknown_version(facts: &Facts, expected: &Expected<'_>) -> Progress {
    let is_too_old = facts
        .versions
        .iter()
        .all(|version| version.version() > expected.handle.version);
    if is_too_old {
        return Progress::Superseded;
    }
    let message = "nomad accepted the job but has no version of it with our mark; it still runs what it ran before";
    Progress::Failed {
        reason: Failure::Orchestrator {
            message: message.to_owned(),
        },
        restored: true,
    }
}
