//! What happened: [`Event`], append-only; and [`Route`], who is told of it.

mod display;
mod route;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::deployment::{Cause, DeploymentId, Failure};
use crate::freeze::Stops;
use crate::image::{Digest, Repository, Tag};
use crate::intent::{Author, RequestId, Target};
use crate::token::{Role, TokenName};
use crate::watch::{WatchName, Workload};

pub use route::{InvalidPattern, NamePattern, Route};

/// An event's place in the order of all events; later ones are greater.
pub type EventId = u64;

/// Something that happened and was stored, in the transaction of the change it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place in the order of all events.
    pub id: EventId,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The watch it belongs to; `None` if it concerns all.
    pub watch: Option<WatchName>,
    /// What happened.
    pub kind: EventKind,
}

impl Event {
    /// What it is about, for people: a watch by its name, or all of them.
    pub fn about(&self) -> &str {
        match (&self.kind, &self.watch) {
            (EventKind::Frozen { everywhere, .. } | EventKind::Unfrozen { everywhere, .. }, _)
                if *everywhere =>
            {
                "all watches"
            }
            (_, Some(watch)) => watch.as_str(),
            (_, None) => "all watches",
        }
    }
}

/// An event that is about to be stored, and gets its id there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened.
    pub kind: EventKind,
}

/// What a deployment was about, repeated in each of its events so that each reads alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Which deployment.
    pub deployment: DeploymentId,
    /// What is deployed to.
    pub workload: Workload,
    /// The repository.
    pub repository: Repository,
    /// The tag that is deployed.
    pub tag: Tag,
    /// The digest that is deployed.
    pub digest: Digest,
    /// The tag that ran before, where one is known.
    pub previous_tag: Option<Tag>,
    /// How often in a row this was tried, this time included.
    #[serde(default = "first_attempt")]
    pub attempt: u32,
}

fn first_attempt() -> u32 {
    1
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// A watch was seen for the first time.
    WatchAdded {
        /// What it follows.
        repository: Repository,
    },
    /// A watch is no longer in the configuration.
    WatchRetired,
    /// A watch follows another repository than before; a pin was dropped.
    RepositoryChanged {
        /// What it followed.
        from: Repository,
        /// What it follows.
        to: Repository,
    },
    /// An operator changed what is wanted.
    IntentChanged {
        /// Who.
        by: Author,
        /// Which tag is wanted now.
        target: Target,
        /// Whether anything is deployed without being asked for.
        auto_deploy: bool,
        /// Why nothing is deployed by itself until something newer appears, if that is so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hold: Option<String>,
    },
    /// An operator asked to promote canaries.
    PromotionAsked {
        /// Which deployment's.
        subject: Subject,
        /// Who.
        by: Author,
    },
    /// An operator asked for a deployment.
    DeploymentAsked {
        /// The request.
        request: RequestId,
        /// Who.
        by: Author,
        /// Which tag.
        tag: Tag,
        /// What it pointed to at that moment.
        digest: Digest,
    },
    /// A request was dropped without being served in full.
    RequestDropped {
        /// The request.
        request: RequestId,
        /// Why.
        reason: String,
    },
    /// What an unpinned workload runs was taken from its tag; nothing was restarted.
    WorkloadAdopted {
        /// Which workload.
        workload: Workload,
        /// The tag that runs.
        tag: Tag,
        /// What it pointed to.
        digest: Digest,
    },
    /// A deployment was recorded.
    DeploymentCreated {
        /// What it is about.
        #[serde(flatten)]
        subject: Subject,
        /// Why.
        cause: Cause,
    },
    /// The orchestrator is being asked.
    DeploymentStarted {
        /// What it is about.
        #[serde(flatten)]
        subject: Subject,
    },
    /// The orchestrator accepted and rolls out.
    DeploymentAccepted {
        /// What it is about.
        #[serde(flatten)]
        subject: Subject,
    },
    /// Canaries are healthy and wait to be promoted.
    DeploymentAwaitsPromotion {
        /// What it is about.
        #[serde(flatten)]
        subject: Subject,
    },
    /// The workload runs the image and is healthy.
    DeploymentSucceeded {
        /// What it is about.
        #[serde(flatten)]
        subject: Subject,
    },
    /// The deployment failed.
    DeploymentFailed {
        /// What it is about.
        #[serde(flatten)]
        subject: Subject,
        /// Whose fault it was.
        reason: Failure,
        /// Whether the orchestrator brought back what ran before.
        restored: bool,
    },
    /// A successor took its place.
    DeploymentSuperseded {
        /// What it is about.
        #[serde(flatten)]
        subject: Subject,
        /// By which of ours; `None` when somebody else deployed.
        by: Option<DeploymentId>,
    },
    /// The deployment was given up.
    DeploymentAbandoned {
        /// What it is about.
        #[serde(flatten)]
        subject: Subject,
        /// Why.
        reason: String,
        /// The operator who gave it up, if one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Author>,
    },
    /// An image is not deployed by itself any more.
    ImageQuarantined {
        /// The tag under which it failed.
        tag: Tag,
        /// The image.
        digest: Digest,
        /// Why.
        reason: String,
    },
    /// An operator lets an image be deployed again.
    QuarantineReleased {
        /// Who.
        by: Author,
        /// The deployment that had failed.
        deployment: DeploymentId,
        /// The tag under which it failed.
        tag: Tag,
        /// The image.
        digest: Digest,
    },
    /// A token was made that is kept in the store.
    TokenCreated {
        /// Its name.
        name: TokenName,
        /// What its bearer may do.
        role: Role,
        /// Who made it.
        by: Author,
    },
    /// A token that was kept in the store opens nothing any more.
    TokenRevoked {
        /// Its name.
        name: TokenName,
        /// Who revoked it.
        by: Author,
    },
    /// An operator had a sink told what it could not be told before.
    DeadLetterReplayed {
        /// Who.
        by: Author,
        /// Which sink.
        sink: String,
        /// Which event.
        event: EventId,
    },
    /// Deployments stop for a while: of the watch, or of all.
    Frozen {
        /// Who.
        by: Author,
        /// Until when.
        until: DateTime<Utc>,
        /// Why.
        reason: String,
        /// What it stops.
        stops: Stops,
        /// Whether it holds for all watches.
        everywhere: bool,
    },
    /// Deployments go on before the freeze expired.
    Unfrozen {
        /// Who.
        by: Author,
        /// Whether it had held for all watches.
        everywhere: bool,
    },
}

/// How urgent an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// For the record.
    Info,
    /// Somebody should look, some day.
    Warning,
    /// Something did not work.
    Error,
}

impl EventKind {
    /// Every kind, as [`name`](Self::name) gives it.
    pub const NAMES: [&str; 23] = [
        "watch_added",
        "watch_retired",
        "repository_changed",
        "intent_changed",
        "deployment_asked",
        "request_dropped",
        "workload_adopted",
        "deployment_created",
        "deployment_started",
        "deployment_accepted",
        "deployment_awaits_promotion",
        "promotion_asked",
        "deployment_succeeded",
        "deployment_failed",
        "deployment_superseded",
        "deployment_abandoned",
        "image_quarantined",
        "quarantine_released",
        "dead_letter_replayed",
        "frozen",
        "unfrozen",
        "token_created",
        "token_revoked",
    ];

    /// The kind in one word, as stored and as filtered by.
    pub fn name(&self) -> &'static str {
        match self {
            Self::WatchAdded { .. } => "watch_added",
            Self::WatchRetired => "watch_retired",
            Self::RepositoryChanged { .. } => "repository_changed",
            Self::IntentChanged { .. } => "intent_changed",
            Self::DeploymentAsked { .. } => "deployment_asked",
            Self::RequestDropped { .. } => "request_dropped",
            Self::WorkloadAdopted { .. } => "workload_adopted",
            Self::DeploymentCreated { .. } => "deployment_created",
            Self::DeploymentStarted { .. } => "deployment_started",
            Self::DeploymentAccepted { .. } => "deployment_accepted",
            Self::DeploymentAwaitsPromotion { .. } => "deployment_awaits_promotion",
            Self::PromotionAsked { .. } => "promotion_asked",
            Self::DeploymentSucceeded { .. } => "deployment_succeeded",
            Self::DeploymentFailed { .. } => "deployment_failed",
            Self::DeploymentSuperseded { .. } => "deployment_superseded",
            Self::DeploymentAbandoned { .. } => "deployment_abandoned",
            Self::ImageQuarantined { .. } => "image_quarantined",
            Self::QuarantineReleased { .. } => "quarantine_released",
            Self::DeadLetterReplayed { .. } => "dead_letter_replayed",
            Self::Frozen { .. } => "frozen",
            Self::Unfrozen { .. } => "unfrozen",
            Self::TokenCreated { .. } => "token_created",
            Self::TokenRevoked { .. } => "token_revoked",
        }
    }

    /// How urgent it is.
    pub fn severity(&self) -> Severity {
        match self {
            Self::DeploymentFailed { .. } => Severity::Error,
            Self::DeploymentAbandoned { .. }
            | Self::ImageQuarantined { .. }
            | Self::RequestDropped { .. }
            | Self::RepositoryChanged { .. }
            | Self::Frozen { .. }
            | Self::WatchRetired => Severity::Warning,
            _ => Severity::Info,
        }
    }

    /// Whether it only tells once more what was told before: that a deployment is tried, or fails, again.
    pub fn is_repeat(&self) -> bool {
        self.subject().is_some_and(|subject| subject.attempt > 1)
            && !matches!(self, Self::DeploymentSucceeded { .. })
    }

    /// The deployment it tells of, if it tells of one.
    pub fn subject(&self) -> Option<&Subject> {
        match self {
            Self::DeploymentCreated { subject, .. }
            | Self::DeploymentStarted { subject }
            | Self::DeploymentAccepted { subject }
            | Self::DeploymentAwaitsPromotion { subject }
            | Self::PromotionAsked { subject, .. }
            | Self::DeploymentSucceeded { subject }
            | Self::DeploymentFailed { subject, .. }
            | Self::DeploymentSuperseded { subject, .. }
            | Self::DeploymentAbandoned { subject, .. } => Some(subject),
            _ => None,
        }
    }
}
