//! One recorded attempt to bring a workload to an image: [`Deployment`], a state machine that is stored.

mod running;
mod state;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::image::{Digest, Image, ImageReference, Repository, Tag};
use crate::intent::{Author, Candidate, RequestId};
use crate::watch::{Unit, WatchName, Workload};

pub use running::{Adopted, Origin, Running, Runs, Success};
pub use state::{Failure, InvalidTransition, RolloutHandle, State};

/// Identifies a deployment; written beside the image at the orchestrator as our mark, where there is room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeploymentId(pub Uuid);

impl fmt::Display for DeploymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for DeploymentId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Why a deployment was started. Exactly one holds, the first that applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cause {
    /// An operator asked.
    Requested {
        /// Who.
        by: Author,
        /// Which request it serves; not known of what was stored by older versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<RequestId>,
    },
    /// The watch was pinned to another tag.
    PinChanged,
    /// A tag that the policy orders higher appeared.
    NewerVersion {
        /// What runs.
        from: Tag,
        /// What is wanted.
        to: Tag,
    },
    /// The wanted tag points to another image.
    DigestChanged {
        /// The tag.
        tag: Tag,
    },
    /// What a deployment that failed left behind is replaced by what succeeded before it.
    Restore {
        /// The deployment that failed.
        failed: DeploymentId,
    },
    /// What runs is not what was last deployed.
    Drift,
    /// Nothing was deployed by us yet.
    FirstDeploy,
}

impl Cause {
    /// The request that is served, if it was asked for.
    pub fn request(&self) -> Option<RequestId> {
        match self {
            Self::Requested { request, .. } => *request,
            _ => None,
        }
    }

    /// The cause in one word, for labels and messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Requested { .. } => "requested",
            Self::PinChanged => "pin_changed",
            Self::NewerVersion { .. } => "newer_version",
            Self::DigestChanged { .. } => "digest_changed",
            Self::Restore { .. } => "restore",
            Self::Drift => "drift",
            Self::FirstDeploy => "first_deploy",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requested { by, .. } => write!(f, "requested by {by}"),
            Self::PinChanged => f.write_str("the pin changed"),
            Self::NewerVersion { from, to } => write!(f, "{to} is newer than {from}"),
            Self::DigestChanged { tag } => write!(f, "{tag} was pushed again"),
            Self::Restore { .. } => f.write_str("what was deployed last failed"),
            Self::Drift => f.write_str("what runs is not what was deployed"),
            Self::FirstDeploy => f.write_str("nothing was deployed yet"),
        }
    }
}

/// What a workload ran before a deployment, for going back and for telling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    /// Its tag, where one is known.
    pub tag: Option<Tag>,
    /// Its digest, where one is known.
    pub digest: Option<Digest>,
}

/// One recorded attempt to bring a workload to an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Its identity, and our mark at the orchestrator.
    pub id: DeploymentId,
    /// The watch it belongs to.
    pub watch: WatchName,
    /// What is brought to the image.
    pub workload: Workload,
    /// What the orchestrator rolls as one with it.
    pub unit: Unit,
    /// The repository in the spelling of the configuration.
    pub source: ImageReference,
    /// What is deployed.
    pub candidate: Candidate,
    /// Why.
    pub cause: Cause,
    /// Whether the workload is replaced although it runs the image already.
    pub forced: bool,
    /// How often in a row the workload was to be brought to the image, this time included.
    pub attempt: u32,
    /// What ran before.
    pub previous: Option<Previous>,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// When it is given up.
    pub deadline: DateTime<Utc>,
    /// Whether a successor waits: its driver then ends it as superseded.
    pub superseded_by: Option<DeploymentId>,
    /// How far it is.
    pub state: State,
}

impl Deployment {
    /// The repository that is deployed from.
    pub fn repository(&self) -> &Repository {
        self.source.repository()
    }

    /// The image that is deployed.
    pub fn image(&self) -> &Image {
        &self.candidate.image
    }

    /// The tag that is deployed.
    pub fn tag(&self) -> &Tag {
        &self.candidate.tag
    }

    /// Moves on, if `transition` allows it from here.
    pub fn advance(
        self,
        transition: impl FnOnce(State) -> Result<State, InvalidTransition>,
    ) -> Result<Self, InvalidTransition> {
        Ok(Self {
            state: transition(self.state.clone())?,
            ..self
        })
    }
}

/// An image that is not deployed by itself until an operator releases it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// The repository it was deployed from.
    pub repository: Repository,
    /// The image, and the tag under which it failed.
    pub candidate: Candidate,
    /// The deployment that failed.
    pub deployment: DeploymentId,
    /// Why, in the orchestrator's words.
    pub reason: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// A deployment of a workload that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedRollout {
    /// Which deployment.
    pub deployment: DeploymentId,
    /// What it deployed.
    pub candidate: Candidate,
    /// Whose fault it was.
    pub reason: Failure,
    /// Whether what ran before runs again, brought back by the orchestrator or by us.
    pub restored: bool,
    /// When it failed.
    pub at: DateTime<Utc>,
}

/// Failures of one workload in a row that were not the image's fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setback {
    /// How many.
    pub consecutive: u32,
    /// When the last one ended.
    pub last: DateTime<Utc>,
    /// Which it was.
    pub deployment: DeploymentId,
}
