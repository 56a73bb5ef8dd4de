//! What an operator wants of a watch: [`Intent`] and [`Request`].

mod once;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::image::{Image, Platform, Tag, same_image};
use crate::policy::TagPolicy;
use crate::watch::Workload;

pub use once::Once;

/// Who asked for something: the name of a token, or of the way in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Author(String);

impl Author {
    /// An author by name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an operator wants of a watch, until said otherwise. Changed by commands only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Raised by each change, so that a client can notice that it lost a race.
    pub revision: u64,
    /// Which tag.
    pub target: Target,
    /// Whether anything is deployed without being asked for.
    pub auto_deploy: bool,
    /// Nothing is deployed by itself until something newer appears.
    pub hold: Option<OperatorHold>,
}

impl Default for Intent {
    /// Tracks and deploys by itself.
    fn default() -> Self {
        Self {
            revision: 1,
            target: Target::Track,
            auto_deploy: true,
            hold: None,
        }
    }
}

/// Which tag an operator wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The one that the policy picks.
    Track,
    /// This one, followed by digest.
    Pin(Tag),
}

impl Target {
    /// The pinned tag, if the watch is pinned.
    pub fn pinned(&self) -> Option<&Tag> {
        match self {
            Self::Pin(tag) => Some(tag),
            Self::Track => None,
        }
    }
}

/// A tag that is wanted, and what it points to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The tag.
    pub tag: Tag,
    /// What it points to.
    pub image: Image,
}

impl Candidate {
    /// Whether this is newer than `baseline`: a tag that `policy` orders higher, or another image under the same tag.
    ///
    /// Tags that the policy cannot compare count as newer when they differ: an operator chose the policy after `baseline`
    /// was deployed.
    pub fn is_newer_than(
        &self,
        baseline: &Candidate,
        policy: &TagPolicy,
        platform: Option<&Platform>,
    ) -> bool {
        if self.tag == baseline.tag {
            return !same_image(&self.image, &baseline.image, platform);
        }
        if same_image(&self.image, &baseline.image, platform) {
            return false;
        }
        policy
            .compare(&self.tag, &baseline.tag)
            .is_none_or(std::cmp::Ordering::is_gt)
    }
}

/// Keeps a watch as it is until something newer than the candidate of that moment appears.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorHold {
    /// The candidate that must be surpassed; `None` when there was none, so that any candidate lifts the hold.
    pub past: Option<Candidate>,
    /// Who asked.
    pub by: Author,
    /// Why, for people.
    pub reason: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl OperatorHold {
    /// Whether `candidate` ends this hold.
    pub fn is_lifted_by(
        &self,
        candidate: &Candidate,
        policy: &TagPolicy,
        platform: Option<&Platform>,
    ) -> bool {
        self.past
            .as_ref()
            .is_none_or(|past| candidate.is_newer_than(past, policy, platform))
    }
}

/// Identifies a [`Request`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub Uuid);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An operator's demand for one deployment of each of some workloads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its identity.
    pub id: RequestId,
    /// Who asked.
    pub author: Author,
    /// What is asked for, resolved at the registry when it was asked for.
    pub candidate: Candidate,
    /// Which workloads have not been deployed to yet, in the order of the watch.
    pub pending: Vec<Workload>,
    /// Whether one workload was named: it then waits for no other.
    pub single: bool,
    /// Whether it is served although deployments are frozen.
    #[serde(default)]
    pub overrides_freeze: bool,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it is dropped if it could not be served.
    pub expires_at: DateTime<Utc>,
}

impl Request {
    /// Whether `workload` is still to be deployed to.
    pub fn is_pending_for(&self, workload: &Workload) -> bool {
        self.pending.contains(workload)
    }
}

#[cfg(test)]
mod tests;
