use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{App, Wake};
use crate::deployment::DeploymentId;
use crate::observation::Observation;
use crate::ports::{LeaseClaim, ReplicaId, Resource, StoreError};
use crate::watch::WatchName;

/// What this replica attends to.
#[derive(Debug)]
pub(super) struct Leases {
    pub(super) replica: ReplicaId,
    pub(super) ttl: Duration,
    pub(super) generation: u64,
    /// Until when on the monotonic clock of this process, which counts from before the store was asked.
    held: Mutex<BTreeMap<Resource, Duration>>,
    /// Why the last renewal failed, if it did.
    fault: Mutex<Option<String>>,
}

impl Leases {
    pub(super) fn new(replica: ReplicaId, ttl: Duration, generation: u64) -> Self {
        Self {
            replica,
            ttl,
            generation,
            held: Mutex::default(),
            fault: Mutex::default(),
        }
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<Resource, Duration>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, fault: Option<&StoreError>) {
        let mut last = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        *last = fault.map(ToString::to_string);
    }

    fn left(&self, resource: &Resource, now: Duration) -> Duration {
        let until = self.held().get(resource).copied().unwrap_or_default();
        until.saturating_sub(now)
    }
}

impl App {
    /// How often [`renew_leases`](Self::renew_leases) is to be called; `None` where no other replica can be.
    pub fn lease_interval(&self) -> Option<Duration> {
        // One renewal may fail, and the next still comes in time.
        self.leases.as_ref().map(|leases| leases.ttl / 5)
    }

    /// Keeps what this replica attends to, and takes over what nobody does any more.
    ///
    /// If the store cannot be asked, what is held runs out by itself.
    pub async fn renew_leases(&self) -> Result<(), StoreError> {
        let Some(leases) = &self.leases else {
            return Ok(());
        };
        let asked_at = self.ports.clock.monotonic();
        let claim = LeaseClaim {
            replica: leases.replica,
            generation: leases.generation,
            resources: self.resources(),
            ttl: leases.ttl,
        };
        let answer = self.ports.store.lease(&claim).await;
        leases.note(answer.as_ref().err());
        let granted = answer?;
        // What could not be stored may be another replica's by now.
        self.world().unstored = None;
        let before: BTreeSet<Resource> = {
            let mut held = leases.held();
            // What ran out while the store was asked is taken over anew: whoever worked under it has let go of it.
            let now = self.ports.clock.monotonic();
            let is_valid = |until: &Duration| *until > now;
            let old = std::mem::take(&mut *held);
            held.extend(
                granted
                    .iter()
                    .map(|one| (one.clone(), asked_at + leases.ttl)),
            );
            let valid = old.into_iter().filter(|(_, until)| is_valid(until));
            valid.map(|(resource, _)| resource).collect()
        };
        let gained: Vec<&Resource> = granted.difference(&before).collect();
        self.forget_observations(&gained);
        if !gained.is_empty() {
            self.catch_up(&gained).await;
        }
        for gained in &gained {
            self.take_over(gained);
        }
        let lost = before.difference(&granted).count();
        if lost > 0 || !gained.is_empty() {
            tracing::info!(
                gained = gained.len(),
                lost,
                "attending to {} of {} watches and sinks",
                granted.len(),
                claim.resources.len()
            );
        }
        Ok(())
    }

    /// Why this replica could not renew what it attends to the last time it tried, if it could not; for readiness.
    pub fn lease_fault(&self) -> Option<String> {
        let leases = self.leases.as_ref()?;
        let fault = leases.fault.lock();
        fault.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Hands back all that this replica attends to, so that others need not wait until it runs out.
    pub async fn hand_back_leases(&self) -> Result<(), StoreError> {
        let Some(leases) = &self.leases else {
            return Ok(());
        };
        leases.held().clear();
        self.ports.store.release(leases.replica).await
    }

    /// For how long this replica may still drive a deployment, unless its lease is renewed; `None` is for ever.
    pub fn may_drive_for(&self, id: DeploymentId) -> Option<Duration> {
        let leases = self.leases.as_ref()?;
        let watch = self.world().open.get(&id)?.watch.clone();
        Some(leases.left(&Resource::Watch(watch), self.ports.clock.monotonic()))
    }

    /// Stops what runs in this process for a deployment that somebody else drives by now.
    pub async fn let_go(&self, id: DeploymentId) {
        let deployment = self.world().open.get(&id).cloned();
        let Some(deployment) = deployment else { return };
        if let Some(deployer) = self.ports.deployers.get(&deployment.workload.deployer) {
            tracing::info!(
                watch.name = %deployment.watch, deployment.id = %id,
                "the deployment of watch {} is left to another replica", deployment.watch
            );
            deployer.let_go(id).await;
        }
    }

    /// Whether this replica polls a watch and drives its deployments.
    pub fn attends_to(&self, name: &WatchName) -> bool {
        self.leases.is_none() || self.holds(&Resource::Watch(name.clone()))
    }

    /// What this replica attends to by lease; `None` where no other replica can be.
    pub fn held_leases(&self) -> Option<BTreeSet<Resource>> {
        let leases = self.leases.as_ref()?;
        let now = self.ports.clock.monotonic();
        let held = leases.held();
        let valid = held.iter().filter(|(_, until)| **until > now);
        Some(valid.map(|(resource, _)| resource.clone()).collect())
    }

    pub(super) fn holds(&self, resource: &Resource) -> bool {
        let now = self.ports.clock.monotonic();
        self.leases
            .as_ref()
            .is_none_or(|leases| leases.left(resource, now) > Duration::ZERO)
    }

    /// The store said that somebody else attends to the watch.
    pub(super) fn lose(&self, name: &WatchName) {
        if let Some(leases) = &self.leases {
            leases.held().remove(&Resource::Watch(name.clone()));
        }
    }

    pub(super) fn replica(&self) -> Option<ReplicaId> {
        self.leases.as_ref().map(|leases| leases.replica)
    }

    /// Retired watches are attended to while they have deployments to be driven to their end.
    fn resources(&self) -> Vec<Resource> {
        let open: BTreeSet<WatchName> = {
            let world = self.world();
            world.open.values().map(|open| open.watch.clone()).collect()
        };
        let named: BTreeSet<WatchName> = self.watched().names().cloned().collect();
        let watches = named.union(&open).cloned().map(Resource::Watch);
        let sinks = self.ports.sinks.keys().cloned().map(Resource::Sink);
        watches.chain(sinks).collect()
    }

    /// What was seen while this replica attended the last time may have changed since, and is not decided on: what another one
    /// deployed meanwhile would be undone.
    fn forget_observations(&self, gained: &[&Resource]) {
        let watched = self.watched();
        let mut world = self.world();
        for gained in gained {
            if let Resource::Watch(name) = gained
                && let Some(watch) = watched.get(name)
            {
                world.observe(watch.repository(), |seen| *seen = Observation::default());
            }
        }
    }

    /// Reads what those did who attended before. All that they stored was stored before this replica was given their leases.
    async fn catch_up(&self, gained: &[&Resource]) {
        if let Err(error) = self.follow_changes().await {
            tracing::warn!("cannot read what other replicas did: {error}");
            let mut world = self.world();
            for gained in gained {
                if let Resource::Watch(name) = gained {
                    world.distrust(Some(name));
                }
            }
        }
    }

    /// What others left behind goes on at once.
    fn take_over(&self, gained: &Resource) {
        tracing::debug!(lease = %gained, "attending to {gained}");
        let name = match gained {
            Resource::Sink(sink) => {
                self.world().cursors.remove(sink);
                return self.wake(Wake::Events);
            }
            Resource::Watch(name) => name,
        };
        let open: Vec<DeploymentId> = {
            let world = self.world();
            let of_watch = world.open.values().filter(|open| open.watch == *name);
            of_watch.map(|open| open.id).collect()
        };
        for id in open {
            self.wake(Wake::Deployment(id));
        }
        if let Some(watch) = self.watch_of(name) {
            self.wake(Wake::Repository(watch.repository().clone()));
        }
    }
}
