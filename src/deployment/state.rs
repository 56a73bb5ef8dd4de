use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::DeploymentId;

/// What a deployer needs to find a rollout again after a restart of ours; only that deployer reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RolloutHandle(pub String);

/// How far a deployment is. Each state owns its data, and each transition consumes the state it leaves.
///
/// ```text
/// Requested -> Applying -> Rolling <-> AwaitingPromotion
///                  \          \              \
///                   +----------+--------------+--> Succeeded | Failed | Superseded | Abandoned
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Recorded; waits until its unit is free.
    Requested,
    /// The orchestrator is being asked. Only this state may be applied again after a crash.
    Applying {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// The orchestrator accepted and rolls out. From here on the rollout is only judged.
    Rolling {
        /// Since when.
        since: DateTime<Utc>,
        /// How to find the rollout again.
        handle: RolloutHandle,
    },
    /// Canaries are healthy and wait for somebody to promote them.
    AwaitingPromotion {
        /// Since when.
        since: DateTime<Utc>,
        /// How to find the rollout again.
        handle: RolloutHandle,
    },
    /// The workload runs the image and is healthy.
    Succeeded {
        /// When.
        at: DateTime<Utc>,
    },
    /// It did not come to run healthily.
    Failed {
        /// When.
        at: DateTime<Utc>,
        /// Whose fault it was, in the orchestrator's words.
        reason: Failure,
        /// Whether the orchestrator brought back what ran before.
        restored: bool,
    },
    /// A successor took its place before it ended.
    Superseded {
        /// When.
        at: DateTime<Utc>,
        /// By which of ours; `None` when somebody else deployed.
        by: Option<DeploymentId>,
    },
    /// It was given up without an outcome.
    Abandoned {
        /// When.
        at: DateTime<Utc>,
        /// Why.
        reason: String,
    },
}

/// Why a deployment failed, told apart by what happens next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Failure {
    /// The image started and failed, or its manifest is missing: it is quarantined.
    Image {
        /// The orchestrator's words.
        message: String,
    },
    /// The orchestrator could not do it (unreachable, no capacity, pull limit, deadline): it is tried again later.
    Orchestrator {
        /// The orchestrator's words.
        message: String,
    },
    /// The workload cannot be deployed to as it is configured (not found, stopped, not ours to edit): it is tried again
    /// later, for somebody must change something first.
    Workload {
        /// What is wrong and what to do.
        message: String,
    },
}

impl Failure {
    /// Whether the image itself is to blame.
    pub fn blames_image(&self) -> bool {
        matches!(self, Self::Image { .. })
    }

    /// What went wrong.
    pub fn message(&self) -> &str {
        match self {
            Self::Image { message }
            | Self::Orchestrator { message }
            | Self::Workload { message } => message,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

/// A transition that the state machine does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a deployment that is {from} cannot become {to}")]
pub struct InvalidTransition {
    /// The state it is in.
    pub from: &'static str,
    /// The state it was asked to enter.
    pub to: &'static str,
}

impl State {
    /// The state in one word, for labels, rows and messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Applying { .. } => "applying",
            Self::Rolling { .. } => "rolling",
            Self::AwaitingPromotion { .. } => "awaiting_promotion",
            Self::Succeeded { .. } => "succeeded",
            Self::Failed { .. } => "failed",
            Self::Superseded { .. } => "superseded",
            Self::Abandoned { .. } => "abandoned",
        }
    }

    /// Whether nothing follows.
    pub fn is_terminal(&self) -> bool {
        self.ended_at().is_some()
    }

    /// Whether the orchestrator may be changing something: at most one per unit is in such a state.
    pub fn is_active(&self) -> bool {
        matches!(
            self,
            Self::Applying { .. } | Self::Rolling { .. } | Self::AwaitingPromotion { .. }
        )
    }

    /// When it ended, if it did.
    pub fn ended_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Succeeded { at }
            | Self::Failed { at, .. }
            | Self::Superseded { at, .. }
            | Self::Abandoned { at, .. } => Some(*at),
            _ => None,
        }
    }

    /// How to find the rollout at the orchestrator, once there is one.
    pub fn handle(&self) -> Option<&RolloutHandle> {
        match self {
            Self::Rolling { handle, .. } | Self::AwaitingPromotion { handle, .. } => Some(handle),
            _ => None,
        }
    }

    /// The unit is free; the orchestrator is about to be asked.
    pub fn start(self, since: DateTime<Utc>) -> Result<Self, InvalidTransition> {
        match self {
            Self::Requested => Ok(Self::Applying { since }),
            other => other.refuse("applying"),
        }
    }

    /// The orchestrator accepted.
    pub fn accept(
        self,
        since: DateTime<Utc>,
        handle: RolloutHandle,
    ) -> Result<Self, InvalidTransition> {
        match self {
            Self::Applying { .. } => Ok(Self::Rolling { since, handle }),
            other => other.refuse("rolling"),
        }
    }

    /// Canaries are healthy and wait.
    pub fn await_promotion(self, since: DateTime<Utc>) -> Result<Self, InvalidTransition> {
        match self {
            Self::Rolling { handle, .. } => Ok(Self::AwaitingPromotion { since, handle }),
            other => other.refuse("awaiting_promotion"),
        }
    }

    /// Somebody promoted the canaries.
    pub fn promote(self, since: DateTime<Utc>) -> Result<Self, InvalidTransition> {
        match self {
            Self::AwaitingPromotion { handle, .. } => Ok(Self::Rolling { since, handle }),
            other => other.refuse("rolling"),
        }
    }

    /// The workload runs the image and is healthy.
    pub fn succeed(self, at: DateTime<Utc>) -> Result<Self, InvalidTransition> {
        match self {
            Self::Rolling { .. } | Self::AwaitingPromotion { .. } => Ok(Self::Succeeded { at }),
            other => other.refuse("succeeded"),
        }
    }

    /// It did not work out.
    pub fn fail(
        self,
        at: DateTime<Utc>,
        reason: Failure,
        restored: bool,
    ) -> Result<Self, InvalidTransition> {
        match self {
            Self::Applying { .. } | Self::Rolling { .. } | Self::AwaitingPromotion { .. } => {
                Ok(Self::Failed {
                    at,
                    reason,
                    restored,
                })
            }
            other => other.refuse("failed"),
        }
    }

    /// A successor takes its place.
    pub fn supersede(
        self,
        at: DateTime<Utc>,
        by: Option<DeploymentId>,
    ) -> Result<Self, InvalidTransition> {
        if self.is_terminal() {
            self.refuse("superseded")
        } else {
            Ok(Self::Superseded { at, by })
        }
    }

    /// It is given up.
    pub fn abandon(self, at: DateTime<Utc>, reason: String) -> Result<Self, InvalidTransition> {
        if self.is_terminal() {
            self.refuse("abandoned")
        } else {
            Ok(Self::Abandoned { at, reason })
        }
    }

    fn refuse(self, to: &'static str) -> Result<Self, InvalidTransition> {
        Err(InvalidTransition {
            from: self.name(),
            to,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn handle() -> RolloutHandle {
        RolloutHandle("1".into())
    }

    fn every_state() -> Vec<State> {
        let failure = Failure::Image {
            message: "unhealthy".into(),
        };
        vec![
            State::Requested,
            State::Applying { since: at(1) },
            State::Rolling {
                since: at(1),
                handle: handle(),
            },
            State::AwaitingPromotion {
                since: at(1),
                handle: handle(),
            },
            State::Succeeded { at: at(1) },
            State::Failed {
                at: at(1),
                reason: failure,
                restored: true,
            },
            State::Superseded {
                at: at(1),
                by: None,
            },
            State::Abandoned {
                at: at(1),
                reason: "withdrawn".into(),
            },
        ]
    }

    #[test]
    fn only_the_drawn_transitions_exist() {
        type Transition = fn(State) -> Result<State, InvalidTransition>;
        let transitions: [(&str, Transition, &[&str]); 7] = [
            ("start", |s| s.start(at(2)), &["requested"]),
            ("accept", |s| s.accept(at(2), handle()), &["applying"]),
            (
                "await_promotion",
                |s| s.await_promotion(at(2)),
                &["rolling"],
            ),
            ("promote", |s| s.promote(at(2)), &["awaiting_promotion"]),
            (
                "succeed",
                |s| s.succeed(at(2)),
                &["rolling", "awaiting_promotion"],
            ),
            (
                "fail",
                |s| {
                    s.fail(
                        at(2),
                        Failure::Orchestrator {
                            message: "no leader".into(),
                        },
                        false,
                    )
                },
                &["applying", "rolling", "awaiting_promotion"],
            ),
            (
                "supersede",
                |s| s.supersede(at(2), None),
                &["requested", "applying", "rolling", "awaiting_promotion"],
            ),
        ];
        for (name, transition, allowed) in transitions {
            for state in every_state() {
                let from = state.name();
                assert_eq!(
                    transition(state).is_ok(),
                    allowed.contains(&from),
                    "{name} from {from}"
                );
            }
        }
    }

    #[test]
    fn a_terminal_state_is_never_active() {
        for state in every_state() {
            assert!(
                !(state.is_terminal() && state.is_active()),
                "{}",
                state.name()
            );
        }
    }
}
