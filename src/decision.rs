//! Whether, and what, to deploy: [`decide`], the one function that holds every rule.

mod backoff;
mod hold;
mod pick;
mod wanted;

use chrono::{DateTime, Utc};

use crate::deployment::{
    Cause, Deployment, DeploymentId, Origin, Quarantined, Runs, Setback, State, Success,
};
use crate::image::{Tag, same_image};
use crate::intent::{Candidate, Intent, Request};
use crate::observation::Observation;
use crate::watch::{AdoptMode, DriftMode, Mode, Watch, Workload};

pub use backoff::back_off;
pub use hold::{Hold, HoldReason};
pub use pick::Pick;
pub use wanted::{Unwanted, wanted_tag};

/// Everything that a rule looks at, for one workload of one watch.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The watch, from the configuration.
    pub watch: &'a Watch,
    /// Which of its workloads is decided on.
    pub workload: &'a Workload,
    /// What an operator wants of the watch.
    pub intent: &'a Intent,
    /// The newest request that is pending for this workload and has not expired.
    pub request: Option<&'a Request>,
    /// What was seen at the registry.
    pub observation: &'a Observation,
    /// What the policy of the watch picked before, if that is remembered.
    pub pick: Option<&'a Pick>,
    /// What the workload runs.
    pub runs: &'a Runs,
    /// The last deployment of this workload that succeeded.
    pub success: Option<&'a Success>,
    /// What the workload ran when it was first seen, if it was adopted.
    pub adopted: Option<&'a Candidate>,
    /// The tag that this watch deployed last, to any of its workloads.
    pub last_deployed: Option<&'a Tag>,
    /// The deployment of the same unit that has not ended.
    pub in_flight: Option<&'a Deployment>,
    /// The workloads that stand before this one in the watch, in order.
    pub before: &'a [Sibling<'a>],
    /// The images of this repository that are not deployed by themselves.
    pub quarantine: &'a [&'a Quarantined],
    /// Failures in a row that were not the image's fault.
    pub setback: Option<&'a Setback>,
    /// When the last deployment of this workload without a request was recorded.
    pub last_automatic: Option<DateTime<Utc>>,
    /// The time of day.
    pub now: DateTime<Utc>,
}

/// Another workload of the same watch.
#[derive(Debug, Clone, Copy)]
pub struct Sibling<'a> {
    /// Which.
    pub workload: &'a Workload,
    /// What it runs.
    pub runs: &'a Runs,
    /// Whether a deployment of it has not ended.
    pub in_flight: bool,
}

/// What to do with one workload, with the complete reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Deploy.
    Deploy(Deploy),
    /// What is wanted runs, whoever deployed it.
    UpToDate {
        /// What is wanted, and runs.
        candidate: Candidate,
    },
    /// Deploy nothing for now.
    Hold(Hold),
}

/// A deployment to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deploy {
    /// What to deploy.
    pub candidate: Candidate,
    /// Why.
    pub cause: Cause,
    /// Whether to replace the workload although it runs the image already.
    pub forced: bool,
    /// The deployment of the same workload that gives way, if one has not ended.
    pub supersedes: Option<DeploymentId>,
}

/// Decides on one workload.
///
/// Level-triggered: it compares what is wanted with what runs, not this poll with the last one, so that changes made while
/// the service was down or auto-deploy was off are found. All closed gates are reported, not only the first.
pub fn decide(facts: &Facts<'_>) -> Decision {
    let candidate = match facts.request {
        Some(request) => request.candidate.clone(),
        None => match wanted(facts) {
            Ok(candidate) => candidate,
            Err(unwanted) => return Decision::Hold(Hold::without_candidate(unwanted.into())),
        },
    };
    let runs_already = facts.runs.is_running(&candidate.image);
    if runs_already && facts.request.is_none() {
        return Decision::UpToDate { candidate };
    }
    let cause = cause(facts, &candidate);
    let reasons = closed_gates(facts, &candidate);
    if !reasons.is_empty() {
        return Decision::Hold(Hold::new(candidate, cause, reasons));
    }
    let supersedes = facts.in_flight.map(|deployment| deployment.id);
    Decision::Deploy(Deploy {
        candidate,
        cause,
        forced: runs_already,
        supersedes,
    })
}

/// The wanted tag and what it points to; also where what runs must be known by digest first.
fn wanted(facts: &Facts<'_>) -> Result<Candidate, Unwanted> {
    let tag = wanted_tag(
        facts.watch,
        facts.intent,
        facts.observation,
        facts.last_deployed,
        facts.pick,
    )?;
    let image = wanted::resolved(facts.observation, &tag)?.ok_or_else(|| {
        if facts.intent.target.pinned() == Some(&tag) {
            Unwanted::PinnedTagMissing { tag: tag.clone() }
        } else {
            Unwanted::NoCandidate {
                why: format!("the registry does not have {tag}"),
            }
        }
    })?;
    // A tag that runs without a digest may well be the wanted image: that must be known before anything is restarted.
    if let Runs::Something {
        image: None,
        tag: Some(running),
        ..
    } = facts.runs
        && facts.watch.adopt == AdoptMode::Assume
        && facts.success.is_none()
    {
        wanted::resolved(facts.observation, running)?;
    }
    Ok(Candidate { tag, image })
}

/// What this workload was last known to run with our knowledge.
fn baseline<'a>(facts: &Facts<'a>) -> Option<&'a Candidate> {
    facts
        .success
        .map(|success| &success.candidate)
        .or(facts.adopted)
}

/// The one cause of a deployment: the first that applies.
fn cause(facts: &Facts<'_>, candidate: &Candidate) -> Cause {
    if let Some(request) = facts.request {
        return Cause::Requested {
            by: request.author.clone(),
        };
    }
    let Some(baseline) = baseline(facts) else {
        return match facts.runs.tag() {
            Some(from) if is_newer(facts, &candidate.tag, from) => Cause::NewerVersion {
                from: from.clone(),
                to: candidate.tag.clone(),
            },
            Some(tag) if *tag == candidate.tag && facts.runs.image().is_some() => {
                Cause::DigestChanged { tag: tag.clone() }
            }
            _ => Cause::FirstDeploy,
        };
    };
    let platform = facts.runs.platform();
    if same_image(&candidate.image, &baseline.image, platform) {
        return Cause::Drift;
    }
    if candidate.tag == baseline.tag {
        return Cause::DigestChanged {
            tag: candidate.tag.clone(),
        };
    }
    if facts.intent.target.pinned().is_some() {
        return Cause::PinChanged;
    }
    let from = facts.runs.tag().unwrap_or(&baseline.tag);
    if candidate.tag == *from {
        return Cause::DigestChanged {
            tag: candidate.tag.clone(),
        };
    }
    match facts.watch.policy.compare(&candidate.tag, from) {
        Some(std::cmp::Ordering::Less) => Cause::Drift,
        _ => Cause::NewerVersion {
            from: from.clone(),
            to: candidate.tag.clone(),
        },
    }
}

fn is_newer(facts: &Facts<'_>, tag: &Tag, than: &Tag) -> bool {
    facts.intent.target.pinned().is_none()
        && facts.watch.policy.compare(tag, than) == Some(std::cmp::Ordering::Greater)
}

/// Every gate that is closed, in the order in which they are documented.
fn closed_gates(facts: &Facts<'_>, candidate: &Candidate) -> Vec<HoldReason> {
    let automatic = facts.request.is_none();
    let gates = [
        running_unknown(facts),
        observe_only(facts),
        automatic.then(|| auto_deploy_off(facts)).flatten(),
        automatic
            .then(|| would_downgrade(facts, candidate))
            .flatten(),
        automatic.then(|| operator_hold(facts, candidate)).flatten(),
        automatic
            .then(|| changed_outside(facts, candidate))
            .flatten(),
        automatic.then(|| quarantined(facts, candidate)).flatten(),
        waits_for(facts, candidate),
        automatic.then(|| backing_off(facts)).flatten(),
        in_flight(facts, candidate),
    ];
    gates.into_iter().flatten().collect()
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

fn quarantined(facts: &Facts<'_>, candidate: &Candidate) -> Option<HoldReason> {
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

fn backing_off(facts: &Facts<'_>) -> Option<HoldReason> {
    let after_failure = facts
        .setback
        .map(|setback| setback.last + back_off(setback.consecutive));
    let after_deployment = facts
        .last_automatic
        .map(|last| last + facts.watch.min_interval);
    let until = after_failure.max(after_deployment)?;
    let failures = facts
        .setback
        .filter(|_| after_failure >= after_deployment)
        .map_or(0, |setback| setback.consecutive);
    (until > facts.now).then_some(HoldReason::BackingOff { until, failures })
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

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
