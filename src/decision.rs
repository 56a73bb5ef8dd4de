//! Whether, and what, to deploy: [`decide`], the one function that holds every rule.

mod backoff;
mod gates;
mod hold;
mod pick;
mod restore;
mod wanted;

use chrono::{DateTime, Utc};

use crate::deployment::{
    Cause, Deployment, DeploymentId, FailedRollout, Quarantined, Runs, Setback, Success,
};
use crate::freeze::Freeze;
use crate::image::{Tag, same_image};
use crate::intent::{Candidate, Intent, Request};
use crate::observation::Observation;
use crate::watch::{AdoptMode, Watch, Workload};

pub use backoff::back_off;
pub use gates::{Gate, overtaken};
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
    /// Whether the deployer can see what runs; if not, `runs` is what was last deployed.
    pub sees_running: bool,
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
    /// The freezes that hold for this watch and have not expired.
    pub freezes: &'a [&'a Freeze],
    /// The last deployment of this workload that failed, unless another one made up for it.
    pub failed: Option<&'a FailedRollout>,
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
    let (candidate, cause) = match next(facts) {
        Ok(next) => next,
        Err(unwanted) => return Decision::Hold(Hold::without_candidate(unwanted.into())),
    };
    let is_restore = matches!(cause, Cause::Restore { .. });
    let runs_already = !is_restore && facts.runs.is_running(&candidate.image);
    if runs_already && facts.request.is_none() {
        return match restore::left_broken(facts, &candidate) {
            Some(reason) => Decision::Hold(Hold::new(candidate, cause, vec![reason])),
            None => Decision::UpToDate { candidate },
        };
    }
    gated(facts, candidate, cause, runs_already)
}

/// How every gate stands for what would be deployed next; none where nothing would be.
pub fn gates(facts: &Facts<'_>) -> Vec<Gate> {
    let Ok((candidate, cause)) = next(facts) else {
        return Vec::new();
    };
    let gates = gates::all(facts, &candidate, &cause).into_iter();
    gates.map(|(name, closed)| Gate { name, closed }).collect()
}

/// What would be deployed next, and why.
fn next(facts: &Facts<'_>) -> Result<(Candidate, Cause), Unwanted> {
    if let Some(restored) = restore::restore(facts) {
        return Ok(restored);
    }
    let candidate = match facts.request {
        Some(request) => request.candidate.clone(),
        None => wanted(facts)?,
    };
    let cause = cause(facts, &candidate);
    Ok((candidate, cause))
}

/// Deploys, unless a gate is closed.
fn gated(facts: &Facts<'_>, candidate: Candidate, cause: Cause, forced: bool) -> Decision {
    let reasons = gates::closed(facts, &candidate, &cause);
    if !reasons.is_empty() {
        return Decision::Hold(Hold::new(candidate, cause, reasons));
    }
    let supersedes = facts.in_flight.map(|deployment| deployment.id);
    Decision::Deploy(Deploy {
        candidate,
        cause,
        forced,
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
            request: Some(request.id),
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

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
