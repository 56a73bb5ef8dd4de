//! Remembering.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Source;
use crate::deployment::{Adopted, Deployment, DeploymentId, Quarantined, Setback, Success};
use crate::event::{Event, EventId, NewEvent};
use crate::image::Repository;
use crate::intent::{Intent, Request};
use crate::watch::{WatchName, Workload};

/// All that is stored of one watch: saved whole, and guarded by one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchState {
    /// Which watch.
    pub name: WatchName,
    /// Raised by each commit; 0 for a watch that was never stored.
    pub version: u64,
    /// The repository it follows; `None` for one imported from the Go service, whose table does not say.
    pub repository: Option<Repository>,
    /// What an operator wants.
    pub intent: Intent,
    /// What operators asked for and has not been served yet, oldest first.
    pub requests: Vec<Request>,
    /// What is known of its workloads, including those no longer configured.
    pub workloads: Vec<WorkloadState>,
    /// Whether it is no longer in the configuration.
    pub retired: bool,
}

/// All that is stored of one workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadState {
    /// Which workload.
    pub workload: Workload,
    /// What was taken for what runs when it was first seen.
    pub adopted: Option<Adopted>,
    /// The last deployment that succeeded.
    pub success: Option<Success>,
    /// Failures in a row that were not the image's fault.
    pub setback: Option<Setback>,
    /// When the last deployment without a request was recorded.
    pub last_automatic: Option<DateTime<Utc>>,
}

/// The images that are not deployed by themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quarantine {
    /// Raised by each change.
    pub revision: u64,
    /// The images.
    pub entries: Vec<Quarantined>,
}

/// What the rules need of the store, read in one go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The watches, retired ones included.
    pub watches: Vec<WatchState>,
    /// The deployments that have not ended, oldest first.
    pub open: Vec<Deployment>,
    /// The quarantine of all watches.
    pub quarantine: Quarantine,
    /// How far each sink has been served.
    pub cursors: BTreeMap<String, EventId>,
    /// The last event, 0 if there is none.
    pub last_event: EventId,
}

/// One atomic change of one watch, its deployments and the quarantine, with the events that tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The watch as it shall be; its `version` is the one it was read at.
    pub watch: WatchState,
    /// Deployments to insert or to replace.
    pub deployments: Vec<Deployment>,
    /// The quarantine's revision that the step was decided on, where it matters; it always does when a deployment is new.
    pub quarantine_revision: Option<u64>,
    /// Images to quarantine.
    pub quarantine: Vec<Quarantined>,
    /// What happened, in order.
    pub events: Vec<NewEvent>,
}

/// What a step became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The watch's new version.
    pub version: u64,
    /// The quarantine's revision afterwards.
    pub quarantine_revision: u64,
    /// The events as stored.
    pub events: Vec<Event>,
}

/// Which deployments to read; newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeploymentQuery {
    /// Only this one.
    pub id: Option<DeploymentId>,
    /// Only those of this watch.
    pub watch: Option<WatchName>,
    /// Only those made before this one.
    pub before: Option<DeploymentId>,
    /// At most this many.
    pub limit: u32,
}

/// Which events to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventQuery {
    /// Only those of this watch.
    pub watch: Option<WatchName>,
    /// From where, and in which order.
    pub range: EventRange,
    /// At most this many.
    pub limit: u32,
}

/// From where events are read, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventRange {
    /// Those after this one, oldest first.
    After(EventId),
    /// Those before this one (or all), newest first.
    Before(Option<EventId>),
}

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The watch or the quarantine changed since the step was decided: read and decide again.
    #[error("{what} was changed by somebody else at the same time")]
    Conflict {
        /// What changed.
        what: String,
    },
    /// Another deployment of the unit is active: wait for it.
    #[error("another deployment of the same unit is active")]
    UnitBusy,
    /// What is stored cannot be understood.
    #[error("what is stored in {place} cannot be understood: {problem}")]
    Corrupt {
        /// Table, row and column.
        place: String,
        /// What was found.
        problem: String,
    },
    /// The store cannot be reached, or cannot write.
    #[error("the store is unavailable: {problem}")]
    Unavailable {
        /// What went wrong.
        problem: String,
        /// Its cause, where there is one.
        #[source]
        source: Option<Source>,
    },
}

impl StoreError {
    /// Whether the same may work later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

/// Remembers.
///
/// # Contract
///
/// Checked by `registrywatcher_conformance::store_suite!`:
///
/// - What is committed is loaded again, equal in every field.
/// - A step at another version than the stored one is [`StoreError::Conflict`] and changes nothing.
/// - A step decided on another quarantine is [`StoreError::Conflict`] and changes nothing.
/// - Of two steps at the same version at the same time exactly one is committed.
/// - A second active deployment of a unit is [`StoreError::UnitBusy`] and changes nothing.
/// - Deployments that ended are not loaded as open, and are still found.
/// - Deployments are found newest first, by id, by watch, and page by page.
/// - Events have ids in the order of their commits, and are found in both directions, by watch, and page by page.
/// - A cursor is remembered, and never goes back.
/// - Loading one watch leaves out the others.
#[async_trait]
pub trait Store: Send + Sync {
    /// Reads what the rules need, of all watches or only of one.
    async fn load(&self, only: Option<&WatchName>) -> Result<Snapshot, StoreError>;

    /// Does all of a step or nothing.
    async fn commit(&self, step: Step) -> Result<Committed, StoreError>;

    /// Reads deployments.
    async fn deployments(&self, query: &DeploymentQuery) -> Result<Vec<Deployment>, StoreError>;

    /// Reads events.
    async fn events(&self, query: &EventQuery) -> Result<Vec<Event>, StoreError>;

    /// Remembers that `sink` has been served up to and including `event`.
    async fn advance_cursor(&self, sink: &str, event: EventId) -> Result<(), StoreError>;
}
