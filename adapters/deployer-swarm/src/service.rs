use chrono::{DateTime, Utc};
use registrywatcher_docker_engine::ApiError;
use serde::Deserialize;
use serde_json::Value;

use crate::spec::Spec;

/// A service as the manager has it.
#[derive(Debug, Clone)]
pub(crate) struct Service(Value);

impl Service {
    pub(crate) fn read(raw: Value) -> Result<Self, ApiError> {
        let is_whole = raw["ID"].is_string()
            && raw["Version"]["Index"].is_u64()
            && raw["Spec"]["Name"].is_string();
        if is_whole {
            Ok(Self(raw))
        } else {
            Err(ApiError::malformed(
                "service with an id, a version and a name",
            ))
        }
    }

    pub(crate) fn id(&self) -> &str {
        self.0["ID"].as_str().unwrap_or_default()
    }

    /// The index that a write must name.
    pub(crate) fn version(&self) -> u64 {
        self.0["Version"]["Index"].as_u64().unwrap_or_default()
    }

    pub(crate) fn spec(&self) -> Spec<'_> {
        Spec(&self.0["Spec"])
    }

    /// What it was before the last update; Swarm forgets it when it rolls back by itself.
    pub(crate) fn previous(&self) -> Option<Spec<'_>> {
        self.0
            .get("PreviousSpec")
            .filter(|it| it.is_object())
            .map(Spec)
    }

    /// How the last update goes, or went; `None` before the first one, and until a new one has begun.
    pub(crate) fn update(&self) -> Option<UpdateStatus> {
        UpdateStatus::deserialize(self.0.get("UpdateStatus")?).ok()
    }

    pub(crate) fn updated_at(&self) -> Option<DateTime<Utc>> {
        self.0["UpdatedAt"].as_str()?.parse().ok()
    }
}

/// How an update goes, or went.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateStatus {
    pub(crate) state: UpdateState,
    #[serde(default)]
    pub(crate) started_at: Option<String>,
    #[serde(default)]
    pub(crate) message: String,
}

/// How far an update is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UpdateState {
    Updating,
    Paused,
    Completed,
    RollbackStarted,
    RollbackPaused,
    RollbackCompleted,
    /// One that this program has never heard of.
    #[serde(other)]
    Other,
}

impl UpdateState {
    pub(crate) fn is_rollback(self) -> bool {
        matches!(
            self,
            Self::RollbackStarted | Self::RollbackPaused | Self::RollbackCompleted
        )
    }
}
