use std::time::Duration;

use serde::Deserialize;

use super::document::Document;
use super::fault::Findings;
use super::key::Key;
use super::scalar::{HumanDuration, duration};

/// The section `[rollout]`: how long a deployment may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutConfig {
    /// How long a deployment may take beyond the orchestrator's own deadline.
    pub deadline: Duration,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wire {
    deadline: Option<HumanDuration>,
}

impl Wire {
    pub(super) fn check(self, at: &Key, findings: &mut Findings<'_>) -> Option<RolloutConfig> {
        let deadline = duration(
            findings,
            &at.child("deadline"),
            self.deadline,
            Duration::from_secs(1),
        );
        Some(RolloutConfig {
            deadline: deadline?,
        })
    }
}

impl RolloutConfig {
    pub(super) fn write(&self, document: &mut Document) {
        document.section(&["rollout"]);
        document.duration("deadline", self.deadline);
    }
}
