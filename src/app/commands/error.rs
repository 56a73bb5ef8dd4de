use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::deployment::DeploymentId;
use crate::freeze::Freeze;
use crate::image::Tag;
use crate::intent::RequestId;
use crate::ports::{RegistryError, StoreError};
use crate::watch::{Watch, WatchName, Workload};

/// Why a command changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// No such watch is configured.
    #[error("there is no watch `{name}`")]
    UnknownWatch {
        /// What was asked for.
        name: WatchName,
    },
    /// The watch has no such workload.
    #[error("watch `{watch}` has no workload `{workload}`")]
    UnknownWorkload {
        /// Which watch.
        watch: WatchName,
        /// What was asked for.
        workload: Workload,
    },
    /// The registry does not have the tag.
    #[error("{repository} has no tag `{tag}`", repository = .watch.repository())]
    TagNotFound {
        /// Which watch.
        watch: Arc<Watch>,
        /// What was asked for.
        tag: Tag,
    },
    /// No tag was named, and none is wanted.
    #[error("{why}")]
    NothingWanted {
        /// Why not.
        why: String,
    },
    /// The registry could not be asked.
    #[error("the registry could not be asked, so nothing was changed: {0}")]
    Registry(#[source] RegistryError),
    /// Somebody else changed the intent first.
    #[error(
        "the intent was changed at the same time: expected revision {expected}, found {actual}"
    )]
    Stale {
        /// The revision that the client knew.
        expected: u64,
        /// The revision there is.
        actual: u64,
    },
    /// Deployments are frozen.
    #[error("deployments are frozen until {}, by {}: {}", .freeze.until.format("%Y-%m-%d %H:%M:%SZ"), .freeze.by, .freeze.reason)]
    Frozen {
        /// By what.
        freeze: Freeze,
    },
    /// A freeze would have expired already.
    #[error("a freeze until {until} has expired already: give a time that is to come")]
    FreezeInThePast {
        /// What was asked for.
        until: DateTime<Utc>,
    },
    /// Nothing is known that could be gone back to.
    #[error("watch `{watch}` has nothing to go back to: {why}")]
    NothingBefore {
        /// Which watch.
        watch: WatchName,
        /// Why not.
        why: String,
    },
    /// No image of the watch is quarantined for that deployment.
    #[error("deployment {deployment} put no image of watch `{watch}` into quarantine")]
    NotQuarantined {
        /// Which watch.
        watch: WatchName,
        /// What was asked for.
        deployment: DeploymentId,
    },
    /// No such deployment is stored.
    #[error("there is no deployment {deployment}")]
    UnknownDeployment {
        /// What was asked for.
        deployment: DeploymentId,
    },
    /// The deployment has ended already.
    #[error("deployment {deployment} has ended already")]
    Ended {
        /// Which.
        deployment: DeploymentId,
    },
    /// The deployment does not wait to be promoted.
    #[error("deployment {deployment} does not wait to be promoted")]
    NotAwaitingPromotion {
        /// Which.
        deployment: DeploymentId,
    },
    /// The deployer cannot promote it.
    #[error("it cannot be promoted: {problem}")]
    CannotPromote {
        /// Why not.
        problem: String,
    },
    /// The orchestrator could not be asked; whether it did what was asked is not known, and asking again does no harm.
    #[error("{problem}")]
    OrchestratorUnavailable {
        /// What went wrong.
        problem: String,
    },
    /// Something else was demanded before under the same key.
    #[error("something else was demanded under the same key before, by request {request}")]
    AskedOtherwise {
        /// The request that it led to.
        request: RequestId,
    },
    /// Another replica attends to the watch, and this one neither polls it nor decides on it.
    #[error("another replica attends to watch `{watch}`: ask that one, or ask again")]
    AttendedElsewhere {
        /// Which watch.
        watch: WatchName,
    },
    /// The registry could not be polled.
    #[error("{problem}")]
    NotPolled {
        /// What went wrong.
        problem: String,
        /// How long the registry asks to be left alone, if it does.
        retry_after: Option<Duration>,
    },
    /// The store could not be asked.
    #[error("nothing was changed: {0}")]
    Store(#[from] StoreError),
}
