//! Remembering.

mod lease;
mod query;
mod step;

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::Source;
use crate::deployment::Deployment;
use crate::event::{Event, EventId};
use crate::watch::WatchName;

pub use lease::{LeaseClaim, ReplicaId, Resource};
pub use query::{
    DeadLetter, DeadLetterQuery, DeploymentQuery, EventQuery, EventRange, LoggedTag, Scope,
    TagChanges, TagLogQuery,
};
pub use step::{Committed, RestraintChange, Restraints, Snapshot, Step, WatchState, WorkloadState};

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The watch or the restraints changed since the step was decided: read and decide again.
    #[error("{what} was changed by somebody else at the same time")]
    Conflict {
        /// What changed.
        what: String,
    },
    /// Somebody else attends to the watch by now: leave it alone.
    #[error("the lease of watch `{watch}` was lost")]
    LeaseLost {
        /// Which watch.
        watch: WatchName,
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
/// - A step decided on other restraints is [`StoreError::Conflict`] and changes nothing.
/// - Of two steps at the same version at the same time exactly one is committed.
/// - A second active deployment of a unit is [`StoreError::UnitBusy`] and changes nothing.
/// - Restraints change in the order of their steps: an image is quarantined and released, all watches are frozen and not.
/// - Deployments that ended are not loaded as open, and are still found.
/// - Deployments are found newest first, by id, by watch, and page by page.
/// - Events have ids in the order of their commits, and are found in both directions, by watch, and page by page.
/// - A cursor is remembered, and never goes back.
/// - A dead letter moves its sink's cursor, is found by sink and page by page, and can be removed.
/// - Loading one watch leaves out the others, and loading what concerns all leaves out every watch.
/// - A resource is held by one replica at a time, however many ask at once.
/// - What a replica does not ask for any more goes to another once its time has run out, and not before.
/// - Replicas share: each gets its part of what they ask for, and one that joins gets it from those that have more.
/// - A replica of an older generation gets nothing while one of a newer generation asks.
/// - What a replica hands back can be had by others at once.
/// - A step under a lease that is not held is [`StoreError::LeaseLost`] and changes nothing.
/// - A configuration keeps its generation while it is the latest, and gets a new one after another was used.
/// - The log of tags tells what was listed and resolved, from when to when, and a sighting twice is one.
/// - Pruning the log of tags removes what ended before, and nothing that is still so.
#[async_trait]
pub trait Store: Send + Sync {
    /// Reads what the rules need.
    async fn load(&self, scope: &Scope) -> Result<Snapshot, StoreError>;

    /// Does all of a step or nothing.
    async fn commit(&self, step: Step) -> Result<Committed, StoreError>;

    /// Reads deployments.
    async fn deployments(&self, query: &DeploymentQuery) -> Result<Vec<Deployment>, StoreError>;

    /// Reads events.
    async fn events(&self, query: &EventQuery) -> Result<Vec<Event>, StoreError>;

    /// Remembers that `sink` has been served up to and including `event`.
    async fn advance_cursor(&self, sink: &str, event: EventId) -> Result<(), StoreError>;

    /// Keeps an event that its sink could not be told, and takes it for served.
    async fn bury(&self, letter: &DeadLetter) -> Result<(), StoreError>;

    /// Reads dead letters.
    async fn dead_letters(&self, query: &DeadLetterQuery) -> Result<Vec<DeadLetter>, StoreError>;

    /// Removes a dead letter, if there is one.
    async fn remove_dead_letter(&self, sink: &str, event: EventId) -> Result<(), StoreError>;

    /// Renews what a replica holds, gives it its share of what nobody holds, and says what is its own now.
    ///
    /// The store's clock alone decides what has run out. What a replica holds beyond its share is not taken from it, but is
    /// not renewed either: until it has this answer it may still be at work on it.
    async fn lease(&self, claim: &LeaseClaim) -> Result<BTreeSet<Resource>, StoreError>;

    /// Hands back all that a replica holds.
    async fn release(&self, replica: ReplicaId) -> Result<(), StoreError>;

    /// The number of the configuration with this fingerprint: the greatest there is if it is the latest one used, otherwise a
    /// greater one.
    async fn generation(&self, fingerprint: &str) -> Result<u64, StoreError>;

    /// Writes down what was seen at a repository.
    async fn log_tags(&self, changes: &TagChanges) -> Result<(), StoreError>;

    /// Reads the log of tags.
    async fn tag_log(&self, query: &TagLogQuery) -> Result<Vec<LoggedTag>, StoreError>;

    /// Removes what was last seen before `before` from the log of tags, and says how much that was.
    async fn prune_tag_log(&self, before: DateTime<Utc>) -> Result<u64, StoreError>;
}
