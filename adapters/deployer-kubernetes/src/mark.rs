//! Our mark beside the image: annotations of the template, so that they go to the pods and come back with the image.

use registrywatcher::deployment::DeploymentId;
use registrywatcher::image::{Digest, Tag};
use serde_json::Value;

pub(crate) const DEPLOYMENT: &str = "deployment";
pub(crate) const TAG: &str = "tag";
pub(crate) const DIGEST: &str = "digest";
/// On the object itself: the last deployment of the container, also when its template was set back meanwhile.
pub(crate) const APPLIED: &str = "applied";

/// Whether an annotation of that key is of a mark, whatever its container is called.
pub(crate) fn is_mark(key: &str) -> bool {
    key.contains(DOMAIN)
}

/// The key of an annotation; each container has its own, for each may be a workload.
pub(crate) fn key(container: &str, what: &str) -> String {
    format!("{container}{DOMAIN}{what}")
}

const DOMAIN: &str = ".registrywatcher.io/";

/// What the annotations of `metadata` say of one container.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark<'a> {
    annotations: &'a Value,
    container: &'a str,
}

impl<'a> Mark<'a> {
    pub(crate) fn of(metadata: &'a Value, container: &'a str) -> Self {
        Self {
            annotations: &metadata["annotations"],
            container,
        }
    }

    pub(crate) fn deployment(&self) -> Option<DeploymentId> {
        self.text(DEPLOYMENT)?.parse().ok()
    }

    pub(crate) fn applied(&self) -> Option<DeploymentId> {
        self.text(APPLIED)?.parse().ok()
    }

    pub(crate) fn tag(&self) -> Option<Tag> {
        self.text(TAG)?.parse().ok()
    }

    /// Whether it was written with that digest: `kubectl set image` leaves annotations as they are.
    pub(crate) fn belongs_to(&self, digest: &Digest) -> bool {
        self.text(DIGEST) == Some(digest.as_str())
    }

    fn text(&self, what: &str) -> Option<&'a str> {
        self.annotations[key(self.container, what)].as_str()
    }
}
