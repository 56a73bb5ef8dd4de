use std::time::Duration;

use serde::Deserialize;

use super::document::Document;
use super::fault::Findings;
use super::key::Key;
use super::scalar::{HumanDuration, duration};

/// The section `[replicas]`: how replicas on one PostgreSQL share the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicasConfig {
    /// After how long another replica takes over from one that does not answer any more.
    pub lease: Duration,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wire {
    lease: Option<HumanDuration>,
}

/// Renewed five times within it, a lease this short still survives a slow statement.
const LEAST_LEASE: Duration = Duration::from_secs(1);

impl Wire {
    pub(super) fn check(self, at: &Key, findings: &mut Findings<'_>) -> Option<ReplicasConfig> {
        let lease = duration(findings, &at.child("lease"), self.lease, LEAST_LEASE);
        Some(ReplicasConfig { lease: lease? })
    }
}

impl ReplicasConfig {
    pub(super) fn write(&self, document: &mut Document) {
        document.section(&["replicas"]);
        document.duration("lease", self.lease);
    }
}
