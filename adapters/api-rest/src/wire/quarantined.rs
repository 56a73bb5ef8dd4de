use poem_openapi::Object;
use registrywatcher::deployment::Quarantined;
use uuid::Uuid;

use super::Timestamp;

/// An image that is not deployed by itself, because it failed.
#[derive(Debug, Object)]
pub(crate) struct QuarantinedImage {
    /// The deployment that failed: what to release it by.
    deployment: Uuid,
    /// The tag under which it failed.
    tag: String,
    /// What that tag pointed to.
    digest: String,
    /// Why, in the orchestrator's words.
    reason: String,
    /// Since when.
    since: Timestamp,
}

impl From<Quarantined> for QuarantinedImage {
    fn from(entry: Quarantined) -> Self {
        Self {
            deployment: entry.deployment.0,
            tag: entry.candidate.tag.to_string(),
            digest: entry.candidate.image.digest.to_string(),
            reason: entry.reason,
            since: entry.since.into(),
        }
    }
}
