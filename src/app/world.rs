mod live;
mod stored;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::decision::{Facts, Pick, Sibling};
use crate::deployment::{Deployment, DeploymentId, Quarantined, Running, Runs};
use crate::event::{Event, EventId, EventKind};
use crate::freeze::Freeze;
use crate::image::Repository;
use crate::observation::Observation;
use crate::ports::{Committed, Restraints, Scope, Snapshot, Step, WatchState};
use crate::watch::{Unit, Watch, WatchName};

use super::deliver::Tries;
use super::log_tags::Logged;
use super::queries::Decided;

/// How many failures are remembered for the breaker; more trip any.
const MOST_FAILURES: usize = 1000;

/// What is known: a copy of what is stored, and what was seen.
///
/// It is why an unchanged poll costs no statement of the store.
#[derive(Debug, Default)]
pub(super) struct World {
    /// What is stored, by watch; retired ones included.
    pub(super) states: BTreeMap<WatchName, WatchState>,
    /// Watches whose copy may be older than what is stored, because the store failed while committing.
    pub(super) stale: BTreeSet<WatchName>,
    /// Whether the copy of what concerns all watches may be older than what is stored.
    pub(super) shared_is_stale: bool,
    /// The deployments that have not ended.
    pub(super) open: BTreeMap<DeploymentId, Deployment>,
    pub(super) restraints: Restraints,
    /// Why the last change could not be stored, if it is tried again and nothing was stored since.
    pub(super) unstored: Option<String>,
    /// How far the sinks have been served that this process serves.
    pub(super) cursors: BTreeMap<String, EventId>,
    /// How often the event that a sink is to be told next was offered to it.
    pub(super) tries: BTreeMap<String, Tries>,
    pub(super) last_event: EventId,
    /// How far the changes of other replicas have been taken over, and which of the later events are our own; both only where
    /// there can be other replicas.
    pub(super) followed: EventId,
    pub(super) own_events: BTreeSet<EventId>,
    /// When deployments failed lately, for the breaker.
    pub(super) failures: VecDeque<DateTime<Utc>>,
    /// The repositories of what is watched.
    pub(super) repositories: BTreeMap<Repository, Followed>,
    /// What is known of what is watched, and not stored.
    pub(super) live: BTreeMap<WatchName, Live>,
    /// How the open deployments go, for showing and for waiting longer after each fault.
    pub(super) drives: BTreeMap<DeploymentId, Drive>,
}

/// A repository that some watch follows.
#[derive(Debug, Default)]
pub(super) struct Followed {
    pub(super) observation: Observation,
    /// How many polls have ended.
    pub(super) polls: u32,
    /// What the log of tags has of it; `None` until it was looked at.
    pub(super) logged: Option<Logged>,
}

/// A watch as it is now.
#[derive(Debug)]
pub(super) struct Live {
    /// The very watch that this is known of: of another form of it, with other workloads, it would say the wrong thing.
    pub(super) watch: Arc<Watch>,
    /// What its policy picked last, while it tracks.
    pub(super) pick: Option<Pick>,
    /// What the deployers said of its workloads, in its order.
    pub(super) workloads: Box<[LiveWorkload]>,
}

/// A workload as it is now.
#[derive(Debug)]
pub(super) struct LiveWorkload {
    pub(super) unit: Unit,
    pub(super) sees_running: bool,
    pub(super) look: Option<Look>,
    pub(super) decided: Option<Decided>,
}

/// What a deployer answered, and when on the monotonic clock.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) at: Duration,
    pub(super) answer: Result<Option<Running>, String>,
}

/// How an open deployment goes.
#[derive(Debug, Default)]
pub(super) struct Drive {
    pub(super) faults: u32,
    /// What the deployer says of it.
    pub(super) detail: Option<String>,
    /// Why the deployer could not be asked, if it was not since.
    pub(super) fault: Option<String>,
}

impl Drive {
    /// What the deployment waits for, or why that is not known.
    pub(super) fn progress(&self) -> Option<String> {
        self.fault.clone().or_else(|| self.detail.clone())
    }
}

impl World {
    pub(super) fn from_snapshot(snapshot: Snapshot) -> Self {
        Self {
            states: snapshot
                .watches
                .into_iter()
                .map(|state| (state.name.clone(), state))
                .collect(),
            open: snapshot
                .open
                .into_iter()
                .map(|deployment| (deployment.id, deployment))
                .collect(),
            restraints: snapshot.restraints,
            cursors: snapshot.cursors,
            last_event: snapshot.last_event,
            followed: snapshot.last_event,
            ..Self::default()
        }
    }

    /// What is known of a watch, or only of what concerns all, may be older than what is stored.
    pub(super) fn distrust(&mut self, name: Option<&WatchName>) {
        match name {
            Some(name) => {
                self.stale.insert(name.clone());
            }
            None => self.shared_is_stale = true,
        }
    }

    /// Takes what the store says now, and gives the deployments that are not as they were known, and those that have ended: a
    /// commit of ours whose answer got lost, or another replica, made or ended them.
    pub(super) fn refresh(
        &mut self,
        scope: &Scope,
        snapshot: Snapshot,
    ) -> (Vec<DeploymentId>, Vec<Deployment>) {
        if snapshot.restraints.revision >= self.restraints.revision {
            self.restraints = snapshot.restraints;
        }
        self.last_event = self.last_event.max(snapshot.last_event);
        self.shared_is_stale = false;
        let Scope::Watch(name) = scope else {
            return (Vec::new(), Vec::new());
        };
        let state = snapshot.watches.into_iter().find(|row| row.name == *name);
        if state.as_ref().is_some_and(|state| self.knows_later(state)) {
            // It was read before a commit of ours that has been taken over already.
            return (Vec::new(), Vec::new());
        }
        let of_watch = |deployment: &Deployment| deployment.watch == *name;
        let mut news = Vec::new();
        let mut open = BTreeMap::new();
        for deployment in snapshot.open.into_iter().filter(of_watch) {
            if self.open.get(&deployment.id) != Some(&deployment) {
                news.push(deployment.id);
            }
            open.insert(deployment.id, deployment);
        }
        let known = std::mem::take(&mut self.open);
        let (known, others) = known
            .into_iter()
            .partition::<BTreeMap<_, _>, _>(|(_, deployment)| of_watch(deployment));
        let has_ended = |deployment: &Deployment| !open.contains_key(&deployment.id);
        let ended = known.into_values().filter(has_ended).collect();
        self.open = others;
        self.open.extend(open);
        if let Some(state) = state {
            self.states.insert(name.clone(), state);
        }
        self.stale.remove(name);
        (news, ended)
    }

    /// Whether what is known of the watch was stored after `state`.
    fn knows_later(&self, state: &WatchState) -> bool {
        let known = self.states.get(&state.name);
        known.is_some_and(|known| known.version > state.version)
    }

    /// Takes what was just stored, unless what was stored later is known already.
    pub(super) fn apply(&mut self, step: Step, committed: &Committed) {
        let state = step.watch.map(|state| WatchState {
            version: committed.version,
            ..state
        });
        if let Some(state) = state.filter(|state| !self.knows_later(state)) {
            self.states.insert(state.name.clone(), state);
            self.take(step.deployments);
        }
        if committed.restraints_revision > self.restraints.revision {
            for change in step.restraints {
                self.restraints.apply(change);
            }
            self.restraints.revision = committed.restraints_revision;
        }
        for event in &committed.events {
            self.note_event(event);
        }
    }

    fn take(&mut self, deployments: Vec<Deployment>) {
        for deployment in deployments {
            if deployment.state.is_terminal() {
                self.open.remove(&deployment.id);
                self.drives.remove(&deployment.id);
            } else {
                self.open.insert(deployment.id, deployment);
            }
        }
    }

    pub(super) fn note_event(&mut self, event: &Event) {
        self.last_event = self.last_event.max(event.id);
        if matches!(event.kind, EventKind::DeploymentFailed { .. }) {
            if self.failures.len() == MOST_FAILURES {
                self.failures.pop_front();
            }
            self.failures.push_back(event.at);
        }
    }

    /// The deployment of `unit` that has not ended; an active one before one that waits.
    pub(super) fn in_flight(&self, unit: &Unit) -> Option<&Deployment> {
        self.open
            .values()
            .filter(|deployment| deployment.unit == *unit && deployment.superseded_by.is_none())
            .max_by_key(|deployment| deployment.state.is_active())
    }

    /// What is known of `watch`; nothing if it is not watched any more, or not in this form.
    pub(super) fn live(&self, watch: &Watch) -> Option<&Live> {
        self.live.get(&watch.name).filter(|live| live.is_of(watch))
    }

    /// As [`live`](Self::live), to be changed.
    pub(super) fn live_mut(&mut self, watch: &Watch) -> Option<&mut Live> {
        let live = self.live.get_mut(&watch.name);
        live.filter(|live| live.is_of(watch))
    }

    /// The workloads of `watch` as they are now, in their order; none if it is not watched any more.
    pub(super) fn live_workloads(&self, watch: &Watch) -> &[LiveWorkload] {
        self.live(watch).map_or(&[], |live| &live.workloads)
    }

    /// One of the workloads of `watch`, to be changed.
    pub(super) fn live_workload_mut(
        &mut self,
        watch: &Watch,
        index: usize,
    ) -> Option<&mut LiveWorkload> {
        self.live_mut(watch)?.workloads.get_mut(index)
    }

    /// Whether any workload of `watch` runs a tag without a digest.
    pub(super) fn runs_unpinned(&self, watch: &Watch) -> bool {
        let mut live = self.live_workloads(watch).iter();
        live.any(LiveWorkload::runs_unpinned)
    }

    /// What the policy of `watch` picked last.
    pub(super) fn pick(&self, watch: &Watch) -> Option<&Pick> {
        self.live(watch)?.pick.as_ref()
    }

    /// What the workloads of `watch` run, in their order.
    pub(super) fn runs(&self, watch: &Watch) -> Vec<Runs> {
        let state = self.states.get(&watch.name);
        let live = self.live_workloads(watch);
        watch
            .workloads
            .iter()
            .zip(live)
            .map(|(workload, live)| {
                let stored = state.and_then(|state| state.of(workload));
                live.runs(stored)
            })
            .collect()
    }

    /// Everything that the rules look at for the `index`th workload of `watch`, handed to `rule`.
    pub(super) fn with_facts<T>(
        &self,
        watch: &Watch,
        index: usize,
        now: DateTime<Utc>,
        rule: impl FnOnce(&Facts<'_>) -> T,
    ) -> Option<T> {
        let state = self.states.get(&watch.name)?;
        let workload = watch.workloads.get(index)?;
        let live = self.live_workloads(watch).get(index)?;
        let stored = state.of(workload);
        let runs = self.runs(watch);
        let before: Vec<Sibling<'_>> = watch
            .workloads
            .iter()
            .zip(&runs)
            .take(index)
            .map(|(workload, runs)| Sibling {
                workload,
                runs,
                in_flight: self.open.values().any(|d| d.workload == *workload),
            })
            .collect();
        let quarantine: Vec<&Quarantined> = self
            .restraints
            .quarantine
            .iter()
            .filter(|entry| entry.repository == *watch.repository())
            .collect();
        let freezes = self.freezes(state, now);
        let unobserved = Observation::default();
        let facts = Facts {
            watch,
            workload,
            intent: &state.intent,
            request: state.request_for(workload, now),
            observation: self.observation(watch.repository()).unwrap_or(&unobserved),
            pick: self.pick(watch),
            runs: &runs[index],
            sees_running: live.sees_running,
            success: stored.and_then(|stored| stored.success.as_ref()),
            adopted: stored.and_then(|stored| Some(&stored.adopted.as_ref()?.candidate)),
            last_deployed: state.last_deployed(),
            in_flight: self.in_flight(&live.unit),
            before: &before,
            quarantine: &quarantine,
            freezes: &freezes,
            failed: stored.and_then(|stored| stored.failed.as_ref()),
            setback: stored.and_then(|stored| stored.setback.as_ref()),
            last_automatic: stored.and_then(|stored| stored.last_automatic),
            now,
        };
        Some(rule(&facts))
    }

    /// The freezes that hold for a watch at `now`: its own, and that of all.
    pub(super) fn freezes<'a>(
        &'a self,
        state: &'a WatchState,
        now: DateTime<Utc>,
    ) -> Vec<&'a Freeze> {
        let all = self.restraints.freeze.as_ref();
        let both = all.into_iter().chain(&state.freeze);
        both.filter(|freeze| freeze.is_active(now)).collect()
    }
}
