use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Facts, HoldReason, backoff::back_off, baseline};
use crate::deployment::{Cause, FailedRollout, Origin, Runs, State};
use crate::freeze::Stops;
use crate::image::same_image;
use crate::intent::Candidate;
use crate::watch::{DriftMode, Mode};

/// One thing that may stand in the way of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Which, in the word of the reason for which it closes.
    pub name: &'static str,
    /// Why it is closed, if it is.
    pub closed: Option<HoldReason>,
}

/// Every gate that is closed, in the order in which they are documented.
pub(super) fn closed(facts: &Facts<'_>, candidate: &Candidate, cause: &Cause) -> Vec<HoldReason> {
    let gates = all(facts, candidate, cause).into_iter();
    gates.filter_map(|(_, reason)| reason).collect()
}

/// Every gate.
///
/// Bringing back what ran before ends the deployment that failed, and so passes the gates before what is new.
pub(super) fn all(
    facts: &Facts<'_>,
    candidate: &Candidate,
    cause: &Cause,
) -> [(&'static str, Option<HoldReason>); 12] {
    let is_restore = matches!(cause, Cause::Restore { .. });
    let automatic = facts.request.is_none() && !is_restore;
    let of_automatic = |gate: &dyn Fn() -> Option<HoldReason>| automatic.then(gate).flatten();
    let of_new = |gate: &dyn Fn() -> Option<HoldReason>| (!is_restore).then(gate).flatten();
    let of_unasked =
        |gate: &dyn Fn() -> Option<HoldReason>| facts.request.is_none().then(gate).flatten();
    [
        ("running_unknown", running_unknown(facts)),
        ("observe_only", observe_only(facts)),
        ("auto_deploy_off", of_automatic(&|| auto_deploy_off(facts))),
        (
            "would_downgrade",
            of_automatic(&|| would_downgrade(facts, candidate)),
        ),
        (
            "operator_hold",
            of_automatic(&|| operator_hold(facts, candidate)),
        ),
        (
            "changed_outside",
            of_automatic(&|| changed_outside(facts, candidate)),
        ),
        (
            "quarantined",
            of_automatic(&|| quarantined(facts, candidate)),
        ),
        (
            "rolled_back",
            of_automatic(&|| rolled_back(facts, candidate)),
        ),
        ("frozen", frozen(facts, automatic)),
        ("waits_for", of_new(&|| waits_for(facts, candidate))),
        (
            "backing_off",
            of_unasked(&|| backing_off(facts, is_restore)),
        ),
        ("in_flight", in_flight(facts, candidate)),
    ]
}

/// Why `candidate` may not replace what runs by now, although its deployment has begun: somebody else deployed meanwhile.
pub fn overtaken(facts: &Facts<'_>, candidate: &Candidate) -> Option<HoldReason> {
    would_downgrade(facts, candidate).or_else(|| changed_outside(facts, candidate))
}

fn running_unknown(facts: &Facts<'_>) -> Option<HoldReason> {
    match facts.runs {
        Runs::Unknown { why } => Some(HoldReason::RunningUnknown { why: why.clone() }),
        _ => None,
    }
}

fn observe_only(facts: &Facts<'_>) -> Option<HoldReason> {
    (facts.watch.mode == Mode::Observe).then_some(HoldReason::ObserveOnly)
}

fn auto_deploy_off(facts: &Facts<'_>) -> Option<HoldReason> {
    (!facts.intent.auto_deploy).then_some(HoldReason::AutoDeployOff)
}

/// A tracked watch never goes back by itself. Compared with the version that runs; where its tag is not known, with the one
/// that was last deployed.
fn would_downgrade(facts: &Facts<'_>, candidate: &Candidate) -> Option<HoldReason> {
    if facts.intent.target.pinned().is_some() {
        return None;
    }
    let from = facts
        .runs
        .tag()
        .or_else(|| baseline(facts).map(|baseline| &baseline.tag))?;
    let is_lower =
        facts.watch.policy.compare(&candidate.tag, from) == Some(std::cmp::Ordering::Less);
    is_lower.then(|| HoldReason::WouldDowngrade {
        from: from.clone(),
        to: candidate.tag.clone(),
    })
}

fn operator_hold(facts: &Facts<'_>, candidate: &Candidate) -> Option<HoldReason> {
    let hold = facts.intent.hold.as_ref()?;
    let lifted = hold.is_lifted_by(candidate, &facts.watch.policy, facts.runs.platform());
    (!lifted).then(|| HoldReason::OperatorHold {
        by: hold.by.clone(),
        reason: hold.reason.clone(),
    })
}

/// Somebody else deployed: what runs is neither our last success nor carries our mark. Something newer than what we last
/// knew ends it.
fn changed_outside(facts: &Facts<'_>, candidate: &Candidate) -> Option<HoldReason> {
    if facts.watch.drift == DriftMode::Correct || facts.runs.origin() != Some(Origin::Outside) {
        return None;
    }
    let baseline = baseline(facts)?;
    let newer = candidate.is_newer_than(baseline, &facts.watch.policy, facts.runs.platform());
    (!newer).then(|| HoldReason::ChangedOutside {
        runs: facts.runs.tag().cloned(),
    })
}

pub(super) fn quarantined(facts: &Facts<'_>, candidate: &Candidate) -> Option<HoldReason> {
    let entry = facts.quarantine.iter().find(|entry| {
        same_image(
            &entry.candidate.image,
            &candidate.image,
            facts.runs.platform(),
        )
    })?;
    Some(HoldReason::Quarantined {
        deployment: entry.deployment,
        reason: entry.reason.clone(),
    })
}

/// What was rolled back stays so until something newer than it appears, also where it was not the image that failed.
fn rolled_back(facts: &Facts<'_>, candidate: &Candidate) -> Option<HoldReason> {
    let is_rolled_back = |failed: &&FailedRollout| failed.restored && !failed.reason.blames_image();
    let failed = facts.failed.filter(is_rolled_back)?;
    let (policy, platform) = (&facts.watch.policy, facts.runs.platform());
    let newer = candidate.is_newer_than(&failed.candidate, policy, platform);
    (!newer).then(|| HoldReason::RolledBack {
        deployment: failed.deployment,
        tag: failed.candidate.tag.clone(),
    })
}

/// Of several freezes the one that lasts longest is told.
fn frozen(facts: &Facts<'_>, automatic: bool) -> Option<HoldReason> {
    let overrides = facts
        .request
        .is_some_and(|request| request.overrides_freeze);
    let stops = |stops| match stops {
        Stops::Everything => !overrides,
        Stops::Automatic => automatic,
    };
    let freezes = facts.freezes.iter().filter(|freeze| stops(freeze.stops));
    let freeze = freezes.max_by_key(|freeze| freeze.until)?;
    Some(HoldReason::Frozen {
        until: freeze.until,
        by: freeze.by.clone(),
        reason: freeze.reason.clone(),
    })
}

/// Workloads roll out in their order, each after the one before runs the image; so a failure stops the rest. An assumed
/// image is not known to run, and one that a request is still to replace does not count yet.
fn waits_for(facts: &Facts<'_>, candidate: &Candidate) -> Option<HoldReason> {
    if facts.watch.parallel || facts.request.is_some_and(|request| request.single) {
        return None;
    }
    let is_pending = |workload| {
        facts
            .request
            .is_some_and(|request| request.is_pending_for(workload))
    };
    let blocking = facts.before.iter().find(|sibling| {
        let runs_it = sibling.runs.is_running(&candidate.image)
            && sibling.runs.origin() != Some(Origin::Assumed);
        sibling.in_flight || is_pending(sibling.workload) || !runs_it
    })?;
    Some(HoldReason::WaitsFor {
        workload: blocking.workload.clone(),
    })
}

/// After failures a workload is left alone for longer and longer; and after any deployment for a moment, unless that is to
/// be undone.
fn backing_off(facts: &Facts<'_>, is_restore: bool) -> Option<HoldReason> {
    let after_failure = facts.setback.and_then(|setback| {
        let pause = back_off(setback.consecutive, setback.deployment);
        end_of(pause, setback.last, facts.now)
    });
    let after_deployment = facts
        .last_automatic
        .filter(|_| !is_restore)
        .and_then(|last| end_of(facts.watch.min_interval, last, facts.now));
    let until = after_failure.max(after_deployment)?;
    let failures = facts
        .setback
        .filter(|_| after_failure >= after_deployment)
        .map_or(0, |setback| setback.consecutive);
    (until > facts.now).then_some(HoldReason::BackingOff { until, failures })
}

/// When a pause that began at `began` ends. One that begins only after as long again as it lasts began before the clock was
/// set back, and is over: nobody waits until that time has come once more.
fn end_of(pause: Duration, began: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (began <= now + pause).then(|| began + pause)
}

/// One deployment of a unit at a time. A deployment gives way to a request for the same workload and, while it waits to be
/// promoted, to something newer; everything else waits for it.
fn in_flight(facts: &Facts<'_>, candidate: &Candidate) -> Option<HoldReason> {
    let deployment = facts.in_flight?;
    let same_workload =
        deployment.watch == facts.watch.name && deployment.workload == *facts.workload;
    let is_unpromoted = matches!(deployment.state, State::AwaitingPromotion { .. });
    let is_surpassed = || {
        let (policy, platform) = (&facts.watch.policy, facts.runs.platform());
        candidate.is_newer_than(&deployment.candidate, policy, platform)
    };
    let gives_way = same_workload && (facts.request.is_some() || is_unpromoted && is_surpassed());
    (!gives_way).then_some(HoldReason::InFlight {
        deployment: deployment.id,
    })
}
