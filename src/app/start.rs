use std::sync::{Arc, Mutex, RwLock};

use super::leases::Leases;
use super::news::News;
use super::watched::Watched;
use super::world::{Followed, Live, LiveWorkload, World};
use super::{App, Ports, Settings, Waker};
use crate::event::EventKind;
use crate::intent::{Intent, Target};
use crate::ports::{DeployError, EventQuery, EventRange, ReplicaId, Scope, StoreError, WatchState};
use crate::watch::{DeployerName, Watch, WatchName, Workload};

/// Why the application cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A workload names a deployer that is not configured.
    #[error("watch `{watch}`: there is no deployer `{deployer}`")]
    UnknownDeployer {
        /// Which watch.
        watch: WatchName,
        /// What it names.
        deployer: DeployerName,
    },
    /// A deployer cannot read the address of a workload.
    #[error("watch `{watch}`: {source}")]
    Workload {
        /// Which watch.
        watch: WatchName,
        /// What is wrong with it.
        source: DeployError,
    },
    /// The store cannot be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// Reads what is stored, brings it in line with the configured watches, and is ready to be driven.
    ///
    /// Deployments that had not ended are in [`App::open_deployments`]. Nothing is asked of registries or orchestrators yet.
    pub async fn start(
        ports: Ports,
        settings: Settings,
        watches: Vec<Watch>,
        waker: Waker,
    ) -> Result<Self, StartError> {
        let started = ports.clock.monotonic();
        let configured = Arc::new(Watched::configured(watches));
        let mut world = World::from_snapshot(ports.store.load(&Scope::Everything).await?);
        world.configure(&ports, &configured)?;
        let leases = match &settings.sharing {
            Some(sharing) => {
                let generation = ports.store.generation(&sharing.fingerprint).await?;
                let replica = ReplicaId(ports.ids.next());
                Some(Leases::new(replica, sharing.lease, generation))
            }
            None => None,
        };
        let app = Self {
            ports,
            settings,
            watched: RwLock::new(Arc::clone(&configured)),
            discovered: Mutex::default(),
            world: Mutex::new(world),
            leases,
            waker,
            news: News::default(),
            started,
        };
        for watch in configured.iter() {
            app.enrol(watch).await?;
        }
        app.retire_missing().await?;
        app.enrol_sinks().await?;
        app.recall_failures().await?;
        Ok(app)
    }

    /// Stores a watch that is new, was renamed, or follows another repository than before.
    ///
    /// Of one that was discovered, its workloads are stored too: after a restart they tell whose it is.
    pub(super) async fn enrol(&self, watch: &Watch) -> Result<(), StoreError> {
        let is_discovered = !self.watched().is_configured(&watch.name);
        self.transact_for_anyone(&watch.name, |_, draft| {
            let is_noted = |workload| draft.state().of(workload).is_some();
            let is_complete = !is_discovered || watch.workloads.iter().all(is_noted);
            let is_new = draft.watch().version == 0;
            let known = draft.watch().repository.replace(watch.repository().clone());
            let was_retired = std::mem::take(&mut draft.watch().retired);
            match known {
                Some(known) if known != *watch.repository() => {
                    forget_repository(draft.watch());
                    let to = watch.repository().clone();
                    draft.tell(EventKind::RepositoryChanged { from: known, to });
                }
                known if is_new || was_retired || known.is_none() => {
                    draft.tell(EventKind::WatchAdded {
                        repository: watch.repository().clone(),
                    });
                }
                _ if is_complete => return Ok::<_, StoreError>(None),
                _ => {}
            }
            if is_discovered {
                for workload in &watch.workloads {
                    draft.watch().of_mut(workload);
                }
            }
            Ok(Some(()))
        })
        .await?;
        Ok(())
    }

    /// Retires the watches that are no longer configured. What is stored of them stays.
    ///
    /// Those that a deployer may still have labels for are left until it was asked.
    async fn retire_missing(&self) -> Result<(), StoreError> {
        let watched = self.watched();
        let (unsettled, missing): (Vec<WatchName>, Vec<WatchName>) = {
            let world = self.world();
            let missing = world
                .states
                .values()
                .filter(|state| !state.retired && watched.get(&state.name).is_none())
                // A row of the Go service that no watch took up yet has a repository only once one did.
                .filter(|state| state.repository.is_some());
            let names = missing.map(|state| state.name.clone());
            names.partition(|name| self.may_be_discovered(&world, name))
        };
        self.leave_unsettled(unsettled);
        for name in missing {
            self.retire(&name).await?;
        }
        Ok(())
    }

    /// Retires a watch, unless it is already.
    pub(super) async fn retire(&self, name: &WatchName) -> Result<(), StoreError> {
        self.transact_for_anyone(name, |_, draft| {
            if draft.watch().retired {
                return Ok::<_, StoreError>(None);
            }
            draft.watch().retired = true;
            draft.watch().requests.clear();
            draft.tell(EventKind::WatchRetired);
            Ok(Some(()))
        })
        .await?;
        Ok(())
    }

    /// A sink that is new hears of what happens from now on, not of all that ever happened.
    async fn enrol_sinks(&self) -> Result<(), StoreError> {
        let is_new = |sink: &&String| !self.world().cursors.contains_key(*sink);
        let new: Vec<&String> = self.ports.sinks.keys().filter(is_new).collect();
        if new.is_empty() {
            return Ok(());
        }
        // Another replica may have enrolled it meanwhile: then nothing that happened since may be passed over.
        let snapshot = self.ports.store.load(&Scope::Shared).await?;
        for sink in new {
            let cursor = if let Some(cursor) = snapshot.cursors.get(sink) {
                *cursor
            } else {
                let store = &self.ports.store;
                store.advance_cursor(sink, snapshot.last_event).await?;
                snapshot.last_event
            };
            self.world().cursors.insert(sink.clone(), cursor);
        }
        Ok(())
    }
}

impl App {
    /// Reads when deployments failed lately, so that a restart does not make the breaker forget.
    async fn recall_failures(&self) -> Result<(), StoreError> {
        if self.settings.breaker.is_none() {
            return Ok(());
        }
        let query = EventQuery {
            watch: None,
            range: EventRange::Before(None),
            limit: 1000,
        };
        let events = self.ports.store.events(&query).await?;
        let mut world = self.world();
        world.failures.clear();
        events
            .iter()
            .rev()
            .for_each(|event| world.note_event(event));
        Ok(())
    }
}

/// What is known of a watch before anything is.
pub(super) fn live(ports: &Ports, watch: &Arc<Watch>) -> Result<Live, StartError> {
    let live =
        |workload: &Workload| {
            let deployer = ports.deployers.get(&workload.deployer).ok_or_else(|| {
                StartError::UnknownDeployer {
                    watch: watch.name.clone(),
                    deployer: workload.deployer.clone(),
                }
            })?;
            let unit = deployer
                .unit(workload)
                .map_err(|source| StartError::Workload {
                    watch: watch.name.clone(),
                    source,
                })?;
            Ok(LiveWorkload {
                unit,
                sees_running: deployer.capabilities().sees_running,
                look: None,
                decided: None,
            })
        };
    let workloads: Result<_, StartError> = watch.workloads.iter().map(live).collect();
    Ok(Live {
        watch: Arc::clone(watch),
        pick: None,
        workloads: workloads?,
    })
}

impl World {
    /// Makes room for what will be known of the configured watches, and begins those that are new.
    fn configure(&mut self, ports: &Ports, watched: &Watched) -> Result<(), StartError> {
        // Collected, a map fills its nodes; grown entry by entry, it leaves nearly half of each empty.
        self.live = watched
            .iter()
            .map(|watch| Ok((watch.name.clone(), live(ports, watch)?)))
            .collect::<Result<_, StartError>>()?;
        self.repositories = watched
            .iter()
            .map(|watch| (watch.repository().clone(), Followed::default()))
            .collect();
        let first: Vec<WatchState> = watched
            .iter()
            .filter(|watch| !self.states.contains_key(&watch.name))
            .map(|watch| self.first_state(watch))
            .collect();
        let known = std::mem::take(&mut self.states).into_iter();
        let first = first.into_iter().map(|state| (state.name.clone(), state));
        self.states = known.chain(first).collect();
        Ok(())
    }

    /// What a watch starts with: what it had under its former name; held, if another watch deployed its workload before;
    /// otherwise tracking and deploying by itself.
    pub(super) fn first_state(&self, watch: &Watch) -> WatchState {
        let former = watch
            .formerly
            .as_ref()
            .and_then(|name| self.states.get(name));
        if let Some(former) = former {
            return WatchState {
                name: watch.name.clone(),
                version: 0,
                requests: Vec::new(),
                retired: false,
                ..former.clone()
            };
        }
        let was_deployed_by_another = self.states.values().any(|state| {
            state.workloads.iter().any(|stored| {
                stored.success.is_some() && watch.workloads.contains(&stored.workload)
            })
        });
        WatchState {
            name: watch.name.clone(),
            version: 0,
            repository: None,
            freeze: None,
            intent: Intent {
                auto_deploy: !was_deployed_by_another,
                ..Intent::default()
            },
            requests: Vec::new(),
            workloads: Vec::new(),
            retired: false,
        }
    }
}

/// Nothing that was known of one repository holds for another.
fn forget_repository(state: &mut WatchState) {
    if state.intent.target != Target::Track || state.intent.hold.is_some() {
        state.intent.revision += 1;
    }
    state.intent.target = Target::Track;
    state.intent.hold = None;
    state.requests.clear();
    for workload in &mut state.workloads {
        workload.adopted = None;
        workload.success = None;
        workload.failed = None;
        workload.setback = None;
    }
}
