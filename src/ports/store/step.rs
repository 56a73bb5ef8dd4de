use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ReplicaId;
use crate::deployment::{
    Adopted, Deployment, DeploymentId, FailedRollout, Quarantined, Setback, Success,
};
use crate::event::{Event, EventId, NewEvent};
use crate::freeze::Freeze;
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
    /// The last freeze of this watch alone; it may have expired.
    pub freeze: Option<Freeze>,
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
    /// The last deployment that failed, unless one succeeded since that did not just bring back what ran before.
    #[serde(default)]
    pub failed: Option<FailedRollout>,
    /// Failures in a row that were not the image's fault.
    pub setback: Option<Setback>,
    /// When the last deployment without a request was recorded.
    pub last_automatic: Option<DateTime<Utc>>,
}

/// What keeps deployments of all watches back, guarded by one revision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restraints {
    /// Raised by each change.
    pub revision: u64,
    /// The images that are not deployed by themselves.
    pub quarantine: Vec<Quarantined>,
    /// The last freeze of all watches; it may have expired.
    pub freeze: Option<Freeze>,
}

/// One change of the [`Restraints`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestraintChange {
    /// This image is not deployed by itself from now on.
    Quarantine(Quarantined),
    /// The image that this deployment failed with may be deployed again.
    Release(DeploymentId),
    /// All watches are frozen, or no longer.
    Freeze(Option<Freeze>),
}

/// What the rules need of the store, read in one go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The watches, retired ones included.
    pub watches: Vec<WatchState>,
    /// The deployments that have not ended, oldest first.
    pub open: Vec<Deployment>,
    /// What keeps deployments of all watches back.
    pub restraints: Restraints,
    /// How far each sink has been served.
    pub cursors: BTreeMap<String, EventId>,
    /// The last event, 0 if there is none.
    pub last_event: EventId,
}

/// One atomic change of a watch, its deployments and the restraints, with the events that tell it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// The watch as it shall be, its `version` being the one it was read at; `None` if no watch changes.
    pub watch: Option<WatchState>,
    /// Deployments of that watch to insert or to replace.
    pub deployments: Vec<Deployment>,
    /// The restraints' revision that the step was decided on, where it matters; it always does when a deployment is new.
    pub restraints_revision: Option<u64>,
    /// Changes of the restraints, in order.
    pub restraints: Vec<RestraintChange>,
    /// What happened, in order.
    pub events: Vec<NewEvent>,
    /// Who must hold the lease of `watch`, where replicas share the work; it means nothing without a watch.
    pub lease: Option<ReplicaId>,
}

/// What a step became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The watch's new version; 0 if none was changed.
    pub version: u64,
    /// The restraints' revision afterwards.
    pub restraints_revision: u64,
    /// The events as stored.
    pub events: Vec<Event>,
}

impl Restraints {
    /// Takes `change` over. What is quarantined stays in the order of its quarantining.
    pub fn apply(&mut self, change: RestraintChange) {
        match change {
            RestraintChange::Quarantine(new) => {
                self.quarantine
                    .retain(|old| old.deployment != new.deployment);
                self.quarantine.push(new);
                self.quarantine
                    .sort_by_key(|entry| (entry.since, entry.deployment));
            }
            RestraintChange::Release(deployment) => {
                self.quarantine
                    .retain(|entry| entry.deployment != deployment);
            }
            RestraintChange::Freeze(freeze) => self.freeze = freeze,
        }
    }
}
