use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::App;
use super::world::{Look, World};
use crate::image::{RegistryHost, Repository};
use crate::observation::{Observation, Unseen};
use crate::ports::{EventQuery, EventRange, Quota, ReplicaId, Resource, StoreError};
use crate::watch::{Unit, Watch, WatchName};

/// Something outside that does not work, while the service goes on without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Degraded {
    /// What: a registry, a deployer or a sink, with its name.
    pub part: String,
    /// What it said last.
    pub fault: String,
    /// How many watches it concerns; 0 for a sink, and for a deployer that only cannot be asked what asks to be watched.
    pub watches: usize,
}

impl App {
    /// Whether the store can be asked, and took what was to be stored last; for readiness.
    pub async fn check_store(&self) -> Result<(), StoreError> {
        let query = EventQuery {
            watch: None,
            range: EventRange::Before(None),
            limit: 1,
        };
        self.ports.store.events(&query).await?;
        match self.world().unstored.clone() {
            Some(problem) => Err(StoreError::Unavailable {
                problem,
                source: None,
            }),
            None => Ok(()),
        }
    }

    /// How many watches of the configuration have not been polled since the start; for readiness.
    pub fn unpolled(&self) -> usize {
        let world = self.world();
        let is_polled = |watch: &&Arc<Watch>| {
            world
                .repositories
                .get(watch.repository())
                .is_some_and(|followed| followed.polls > 0)
        };
        // What is found later is polled at once, and the service has been ready.
        let watched = self.watched();
        watched
            .iter()
            .filter(|watch| !watched.is_discovered(&watch.name))
            .filter(|watch| self.attends_to(&watch.name) && !is_polled(watch))
            .count()
    }

    /// What outside does not work now, by what was seen last.
    pub fn degraded(&self) -> Vec<Degraded> {
        let mut faults = Faults::default();
        let watched = self.watched();
        let world = self.world();
        for watch in watched.iter() {
            if self.attends_to(&watch.name) {
                world.note_faults(watch, &mut faults);
            }
        }
        for (sink, tries) in &world.tries {
            if let Some(fault) = &tries.fault {
                faults.note(format!("sink {sink}"), fault, 0);
            }
        }
        drop(world);
        for health in self.discovery().into_iter().flatten() {
            if let Some(fault) = &health.fault {
                faults.note(format!("deployer {}", health.deployer), fault, 0);
            }
        }
        faults.0.into_values().collect()
    }
}

/// How a registry is, by the last poll of each repository that is watched there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryHealth {
    /// Which registry.
    pub host: RegistryHost,
    /// How many watches of this replica follow a repository of it.
    pub watches: usize,
    /// When a listing or a look at a tag last succeeded.
    pub seen_at: Option<DateTime<Utc>>,
    /// The repositories that could not be asked last time, and why.
    pub faults: Vec<(Repository, String)>,
    /// What is left of its quota, as it last told this replica.
    pub quota: Option<Quota>,
}

/// This process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// How long it has been running.
    pub uptime: Duration,
    /// Its identity among the replicas on the same store; `None` where there can be no other.
    pub replica: Option<ReplicaId>,
    /// What it attends to by lease; `None` where there can be no other replica.
    pub leases: Option<BTreeSet<Resource>>,
    /// How many watches there are.
    pub watches: usize,
}

impl App {
    /// How the registries are, by the last polls of what the watches that `is_seen` follow; those whose watches all belong to
    /// other replicas are left out.
    pub fn registries(&self, is_seen: impl Fn(&WatchName) -> bool) -> Vec<RegistryHealth> {
        let mut found = self.polled_registries(is_seen);
        for health in &mut found {
            health.quota = self.ports.registry.quota(&health.host);
        }
        found
    }

    fn polled_registries(&self, is_seen: impl Fn(&WatchName) -> bool) -> Vec<RegistryHealth> {
        let watched = self.watched();
        let world = self.world();
        let mut found: BTreeMap<&RegistryHost, RegistryHealth> = BTreeMap::new();
        for (repository, watches) in watched.repositories() {
            let counts = |watch: &&Arc<Watch>| is_seen(&watch.name) && self.attends_to(&watch.name);
            let counted = watches.iter().filter(counts).count();
            if counted == 0 {
                continue;
            }
            let host = repository.registry();
            let health = found.entry(host).or_insert_with(|| RegistryHealth {
                host: host.clone(),
                watches: 0,
                seen_at: None,
                faults: Vec::new(),
                quota: None,
            });
            health.watches += counted;
            if let Some(observation) = world.observation(repository) {
                health.note(repository, observation);
            }
        }
        found.into_values().collect()
    }

    /// This process.
    pub fn instance(&self) -> Instance {
        Instance {
            uptime: self.ports.clock.monotonic().saturating_sub(self.started),
            replica: self.replica(),
            leases: self.held_leases(),
            watches: self.watched().len(),
        }
    }
}

impl RegistryHealth {
    fn note(&mut self, repository: &Repository, observation: &Observation) {
        self.seen_at = self.seen_at.max(observation.seen_at());
        if let Some(fault) = observation.fault() {
            self.faults.push((repository.clone(), fault.to_owned()));
        }
    }
}

#[derive(Default)]
struct Faults(BTreeMap<String, Degraded>);

impl Faults {
    fn note(&mut self, part: String, fault: &str, watches: usize) {
        let known = self.0.entry(part.clone()).or_insert_with(|| Degraded {
            part,
            fault: fault.to_owned(),
            watches: 0,
        });
        known.watches += watches;
    }
}

impl World {
    /// Why the rollout of a unit cannot be followed.
    fn fault_of_drive(&self, unit: &Unit) -> Option<&String> {
        let deployment = self.in_flight(unit)?;
        self.drives.get(&deployment.id)?.fault.as_ref()
    }

    fn note_faults(&self, watch: &Watch, faults: &mut Faults) {
        let repository = watch.repository();
        if let Some(observation) = self.observation(repository)
            && let Err(Unseen::Failed(fault)) = observation.listing().current()
        {
            let part = format!("registry {}", repository.registry());
            faults.note(part, &fault.message, 1);
        }
        for (workload, live) in watch.workloads.iter().zip(self.live_workloads(watch)) {
            let fault = match &live.look {
                Some(Look {
                    answer: Err(fault), ..
                }) => Some(fault),
                _ => self.fault_of_drive(&live.unit),
            };
            if let Some(fault) = fault {
                faults.note(format!("deployer {}", workload.deployer), fault, 1);
            }
        }
    }
}
