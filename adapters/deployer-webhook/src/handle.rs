use registrywatcher::deployment::{Failure, RolloutHandle};
use registrywatcher::ports::Progress;
use serde::{Deserialize, Serialize};

/// How a rollout is found again: the address of its status, or how it ended at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Handle {
    StatusUrl(String),
    Succeeded,
    Superseded,
    Failed { reason: Failure, restored: bool },
}

impl Handle {
    pub(crate) fn read(handle: &RolloutHandle) -> Result<Self, String> {
        serde_json::from_str(&handle.0)
            .map_err(|error| format!("its handle cannot be read: {error}"))
    }

    pub(crate) fn write(&self) -> RolloutHandle {
        RolloutHandle(serde_json::json!(self).to_string())
    }
}

impl From<Outcome> for Handle {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Succeeded => Self::Succeeded,
            Outcome::Superseded => Self::Superseded,
            Outcome::Failed { reason, restored } => Self::Failed { reason, restored },
        }
    }
}

/// How a rollout ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Succeeded,
    Superseded,
    Failed { reason: Failure, restored: bool },
}

impl From<Outcome> for Progress {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Succeeded => Self::Succeeded,
            Outcome::Superseded => Self::Superseded,
            Outcome::Failed { reason, restored } => Self::Failed { reason, restored },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_reads_back_as_it_was_written() {
        let reason = Failure::Image {
            message: "unhealthy".into(),
        };
        let handles = [
            Handle::StatusUrl("https://deploy.example/1".into()),
            Handle::Succeeded,
            Handle::Superseded,
            Handle::Failed {
                reason,
                restored: true,
            },
        ];
        for handle in handles {
            assert_eq!(Handle::read(&handle.write()), Ok(handle));
        }
        let error = Handle::read(&RolloutHandle("7".into())).unwrap_err();
        assert!(error.contains("cannot be read"), "{error}");
    }
}
