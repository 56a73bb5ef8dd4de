use super::{Facts, HoldReason, baseline, gates};
use crate::deployment::{Cause, FailedRollout, Runs};
use crate::image::same_image;
use crate::intent::Candidate;

/// What to bring back, where the last deployment left an image behind that does not work: what last succeeded, or what ran
/// before us.
///
/// Only what a deployment of ours broke is repaired: once somebody else deployed, or asks for something, that is left to
/// them. Where the deployer cannot see what runs, a failed image is taken to run.
pub(super) fn restore(facts: &Facts<'_>) -> Option<(Candidate, Cause)> {
    let failed = facts.failed.filter(|failed| is_left_behind(failed))?;
    let before = baseline(facts)?;
    let platform = facts.runs.platform();
    let runs_failed = facts.runs.is_running(&failed.candidate.image);
    let is_broken = runs_failed || !facts.sees_running || matches!(facts.runs, Runs::Nothing);
    let is_other = !same_image(&before.image, &failed.candidate.image, platform);
    let can_be_restored = facts.request.is_none()
        && is_broken
        && is_other
        && gates::quarantined(facts, before).is_none();
    let failed = failed.deployment;
    can_be_restored.then(|| (before.clone(), Cause::Restore { failed }))
}

/// Why `candidate`, which runs, is not up to date: it failed, and there is nothing to bring back.
pub(super) fn left_broken(facts: &Facts<'_>, candidate: &Candidate) -> Option<HoldReason> {
    let failed = facts.failed.filter(|failed| is_left_behind(failed))?;
    let is_it = same_image(
        &failed.candidate.image,
        &candidate.image,
        facts.runs.platform(),
    );
    is_it.then(|| HoldReason::Quarantined {
        deployment: failed.deployment,
        reason: failed.reason.message().to_owned(),
    })
}

fn is_left_behind(failed: &FailedRollout) -> bool {
    failed.reason.blames_image() && !failed.restored
}
