use std::fmt;

use chrono::{DateTime, Utc};

use super::Unwanted;
use crate::deployment::{Cause, DeploymentId};
use crate::image::Tag;
use crate::intent::{Author, Candidate};
use crate::watch::Workload;

/// Why nothing is deployed for now: every closed gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// What would be deployed, where that is known.
    pub candidate: Option<Candidate>,
    /// Why it would be.
    pub cause: Option<Cause>,
    /// What stands in the way; never empty.
    pub reasons: Vec<HoldReason>,
    /// When all of it will have passed, if it passes with time.
    pub earliest: Option<DateTime<Utc>>,
}

/// One thing that stands in the way of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoldReason {
    /// Nobody has asked the registry yet, or the last time failed.
    RegistryUnknown {
        /// What went wrong.
        why: String,
    },
    /// The policy admits no tag.
    NoCandidate {
        /// What was looked at.
        why: String,
    },
    /// The pinned tag is not in the registry.
    PinnedTagMissing {
        /// Which tag.
        tag: Tag,
    },
    /// The deployer could not say what runs.
    RunningUnknown {
        /// What went wrong.
        why: String,
    },
    /// What is decided cannot be stored, or what is stored cannot be read; not a rule, but what comes in their way.
    StoreUnavailable {
        /// What went wrong.
        why: String,
    },
    /// The watch decides and tells, and deploys nothing.
    ObserveOnly,
    /// Nothing is deployed without being asked for.
    AutoDeployOff,
    /// The policy orders what runs higher.
    WouldDowngrade {
        /// What runs.
        from: Tag,
        /// What is wanted.
        to: Tag,
    },
    /// An operator keeps the watch as it is until something newer appears.
    OperatorHold {
        /// Who.
        by: Author,
        /// Why.
        reason: String,
    },
    /// Somebody else deployed.
    ChangedOutside {
        /// The tag that runs, where it is known.
        runs: Option<Tag>,
    },
    /// The image failed before.
    Quarantined {
        /// In which deployment.
        deployment: DeploymentId,
        /// In the orchestrator's words.
        reason: String,
    },
    /// It was rolled back; something newer ends that.
    RolledBack {
        /// In which deployment it had failed.
        deployment: DeploymentId,
        /// Under which tag.
        tag: Tag,
    },
    /// Deployments are frozen.
    Frozen {
        /// Until when.
        until: DateTime<Utc>,
        /// Who froze.
        by: Author,
        /// Why.
        reason: String,
    },
    /// Another workload of the watch comes first.
    WaitsFor {
        /// Which.
        workload: Workload,
    },
    /// The last deployment was too recent, or deployments failed for reasons that may pass.
    BackingOff {
        /// Until when.
        until: DateTime<Utc>,
        /// How many failed in a row.
        failures: u32,
    },
    /// A deployment of the same unit has not ended.
    InFlight {
        /// Which.
        deployment: DeploymentId,
    },
}

impl Hold {
    pub(super) fn new(candidate: Candidate, cause: Cause, reasons: Vec<HoldReason>) -> Self {
        // Only if each reason passes with time is it known when the last one does.
        let ends: Option<Vec<DateTime<Utc>>> = reasons.iter().map(HoldReason::until).collect();
        let earliest = ends.and_then(|ends| ends.into_iter().max());
        Self {
            candidate: Some(candidate),
            cause: Some(cause),
            reasons,
            earliest,
        }
    }

    pub(super) fn without_candidate(reason: HoldReason) -> Self {
        Self {
            candidate: None,
            cause: None,
            reasons: vec![reason],
            earliest: None,
        }
    }
}

impl HoldReason {
    /// The reason in one word, for labels and filters.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RegistryUnknown { .. } => "registry_unknown",
            Self::NoCandidate { .. } => "no_candidate",
            Self::PinnedTagMissing { .. } => "pinned_tag_missing",
            Self::RunningUnknown { .. } => "running_unknown",
            Self::StoreUnavailable { .. } => "store_unavailable",
            Self::ObserveOnly => "observe_only",
            Self::AutoDeployOff => "auto_deploy_off",
            Self::WouldDowngrade { .. } => "would_downgrade",
            Self::OperatorHold { .. } => "operator_hold",
            Self::ChangedOutside { .. } => "changed_outside",
            Self::Quarantined { .. } => "quarantined",
            Self::RolledBack { .. } => "rolled_back",
            Self::Frozen { .. } => "frozen",
            Self::WaitsFor { .. } => "waits_for",
            Self::BackingOff { .. } => "backing_off",
            Self::InFlight { .. } => "in_flight",
        }
    }

    /// Whether it neither passes by itself nor was chosen by somebody, so that it stays until a person looks at it.
    pub fn needs_a_person(&self) -> bool {
        match self {
            Self::NoCandidate { .. }
            | Self::PinnedTagMissing { .. }
            | Self::RunningUnknown { .. }
            | Self::StoreUnavailable { .. }
            | Self::WouldDowngrade { .. }
            | Self::ChangedOutside { .. }
            | Self::Quarantined { .. }
            | Self::RolledBack { .. } => true,
            // After a failure; otherwise it is only soon after the last deployment.
            Self::BackingOff { failures, .. } => *failures > 0,
            Self::RegistryUnknown { .. }
            | Self::ObserveOnly
            | Self::AutoDeployOff
            | Self::OperatorHold { .. }
            | Self::Frozen { .. }
            | Self::WaitsFor { .. }
            | Self::InFlight { .. } => false,
        }
    }

    /// When it passes by itself, if it is known.
    pub fn until(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::BackingOff { until, .. } | Self::Frozen { until, .. } => Some(*until),
            _ => None,
        }
    }
}

impl From<Unwanted> for HoldReason {
    fn from(unwanted: Unwanted) -> Self {
        match unwanted {
            Unwanted::RegistryUnknown { why } => Self::RegistryUnknown { why },
            Unwanted::NoCandidate { why } => Self::NoCandidate { why },
            Unwanted::PinnedTagMissing { tag } => Self::PinnedTagMissing { tag },
        }
    }
}

impl fmt::Display for HoldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RegistryUnknown { why } => write!(f, "what the registry has is not known: {why}"),
            Self::NoCandidate { why } => write!(f, "no tag is wanted: {why}"),
            Self::PinnedTagMissing { tag } => {
                write!(f, "the pinned tag {tag} is not in the registry")
            }
            Self::RunningUnknown { why } => write!(f, "what runs is not known: {why}"),
            Self::StoreUnavailable { why } => write!(f, "first it must be stored: {why}"),
            Self::ObserveOnly => f.write_str("this watch only observes"),
            Self::AutoDeployOff => f.write_str("auto-deploy is off"),
            Self::WouldDowngrade { from, to } => write!(f, "{to} is lower than {from}, which runs"),
            Self::OperatorHold { by, reason } => {
                write!(f, "{by} holds it until something newer appears: {reason}")
            }
            Self::ChangedOutside { runs: Some(tag) } => {
                write!(
                    f,
                    "somebody else deployed {tag}; held until something newer appears"
                )
            }
            Self::ChangedOutside { runs: None } => f.write_str(
                "somebody else deployed another image; held until something newer appears",
            ),
            Self::Quarantined { reason, .. } => write!(f, "this image failed before: {reason}"),
            Self::RolledBack { tag, .. } => {
                write!(
                    f,
                    "{tag} was rolled back; held until something newer appears"
                )
            }
            Self::Frozen { until, by, reason } => {
                let until = until.format("%Y-%m-%d %H:%M:%SZ");
                write!(f, "{by} froze deployments until {until}: {reason}")
            }
            Self::WaitsFor { workload } => write!(f, "{workload} comes first"),
            Self::BackingOff { until, failures: 0 } => {
                write!(
                    f,
                    "the last deployment was too recent; at the earliest {}",
                    until.format("%H:%M:%S")
                )
            }
            Self::BackingOff { until, failures } => {
                write!(
                    f,
                    "failed {failures} times in a row; at the earliest {}",
                    until.format("%H:%M:%S")
                )
            }
            Self::InFlight { deployment } => write!(f, "deployment {deployment} has not ended"),
        }
    }
}
