mod leases;
mod sessions;
mod tag_log;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registrywatcher::deployment::{Deployment, DeploymentId};
use registrywatcher::event::{Event, EventId};
use registrywatcher::ports::{
    Clock, Committed, DeadLetter, DeadLetterQuery, DeploymentQuery, EventQuery, EventRange,
    LeaseClaim, LoggedTag, ReplicaId, Resource, Restraints, Scope, Snapshot, Step, Store,
    StoreError, TagChanges, TagLogQuery, WatchState,
};
use registrywatcher::watch::{Unit, WatchName};

use crate::MemoryClock;
use leases::Leases;
use tag_log::TagLog;

/// Remembers in memory. Clones are handles on the same data.
#[derive(Clone)]
pub struct MemoryStore {
    inner: Arc<Mutex<Inner>>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Default)]
struct Inner {
    watches: BTreeMap<WatchName, WatchState>,
    deployments: BTreeMap<DeploymentId, Deployment>,
    restraints: Restraints,
    events: Vec<Event>,
    cursors: BTreeMap<String, EventId>,
    dead_letters: BTreeMap<(EventId, String), DeadLetter>,
    leases: Leases,
    /// The fingerprints of the configurations that were used, each where another one was used before.
    configurations: Vec<String>,
    tag_log: TagLog,
    sessions: sessions::Begun,
    tokens: tokens::Kept,
    calls: u64,
    failures_left: u32,
    lose_next_answer: bool,
}

impl MemoryStore {
    /// An empty store, in which time stands still.
    pub fn new() -> Self {
        Self::with_clock(Arc::new(MemoryClock::new()))
    }

    /// An empty store, whose leases run out by `clock`.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self {
            inner: Arc::default(),
            clock,
        }
    }

    /// A store that starts with what another one held; its events and ended deployments are not part of a snapshot.
    pub fn from_snapshot(snapshot: Snapshot) -> Self {
        let inner = Inner {
            watches: snapshot
                .watches
                .into_iter()
                .map(|watch| (watch.name.clone(), watch))
                .collect(),
            deployments: snapshot
                .open
                .into_iter()
                .map(|open| (open.id, open))
                .collect(),
            restraints: snapshot.restraints,
            cursors: snapshot.cursors,
            ..Inner::default()
        };
        Self {
            inner: Arc::new(Mutex::new(inner)),
            ..Self::new()
        }
    }

    /// Makes the next `calls` calls fail before anything changes, as a database that is down does.
    pub fn fail_next(&self, calls: u32) {
        self.lock().failures_left = calls;
    }

    /// Makes the next step that is committed answer with an error all the same, as a connection that is lost before the
    /// answer does.
    pub fn fail_after_commit_next(&self) {
        self.lock().lose_next_answer = true;
    }

    /// Lets all leases run out, as time does that only the store sees pass.
    pub fn forget_leases(&self) {
        self.lock().leases = Leases::default();
    }

    /// How many calls have been made, failed ones included.
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// What is stored of a watch.
    pub fn watch(&self, name: &WatchName) -> Option<WatchState> {
        self.lock().watches.get(name).cloned()
    }

    /// All deployments, oldest first.
    pub fn all_deployments(&self) -> Vec<Deployment> {
        self.lock().deployments.values().cloned().collect()
    }

    /// All dead letters, by event.
    pub fn all_dead_letters(&self) -> Vec<DeadLetter> {
        self.lock().dead_letters.values().cloned().collect()
    }

    /// All events, oldest first.
    pub fn all_events(&self) -> Vec<Event> {
        self.lock().events.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call, and fails it if it was told to.
    fn call(&self) -> Result<MutexGuard<'_, Inner>, StoreError> {
        let mut inner = self.lock();
        inner.calls += 1;
        if inner.failures_left > 0 {
            inner.failures_left -= 1;
            return Err(unavailable("the store was told to fail"));
        }
        Ok(inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn check(&self, step: &Step, now: DateTime<Utc>) -> Result<(), StoreError> {
        if let Some(watch) = &step.watch {
            self.check_watch(watch, step.lease, now)?;
        }
        let revision = self.restraints.revision;
        if step.restraints_revision.is_some_and(|on| on != revision) {
            return Err(conflict("what keeps deployments back".to_owned()));
        }
        if self.leaves_units_to_one(&step.deployments) {
            Ok(())
        } else {
            Err(StoreError::UnitBusy)
        }
    }

    fn check_watch(
        &self,
        watch: &WatchState,
        lease: Option<ReplicaId>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let resource = Resource::Watch(watch.name.clone());
        if lease.is_some_and(|replica| !self.leases.is_held_by(&resource, replica, now)) {
            return Err(StoreError::LeaseLost {
                watch: watch.name.clone(),
            });
        }
        let stored = self.watches.get(&watch.name).map_or(0, |row| row.version);
        if stored == watch.version {
            Ok(())
        } else {
            Err(conflict(format!("the watch `{}`", watch.name)))
        }
    }

    /// Whether no unit has two active deployments once `new` has been stored.
    fn leaves_units_to_one(&self, new: &[Deployment]) -> bool {
        let is_replaced = |id| new.iter().any(|deployment| deployment.id == id);
        let kept = self.deployments.values().filter(|old| !is_replaced(old.id));
        let active = |deployment: &&Deployment| deployment.state.is_active();
        let taken: Vec<&Unit> = kept.filter(active).map(|old| &old.unit).collect();
        let mut units: Vec<&Unit> = new.iter().filter(active).map(|new| &new.unit).collect();
        let is_free = units.iter().all(|unit| !taken.contains(unit));
        let asked_for = units.len();
        units.sort();
        units.dedup();
        is_free && units.len() == asked_for
    }

    fn apply(&mut self, step: Step) -> Committed {
        let name = step.watch.as_ref().map(|watch| watch.name.clone());
        let version = step.watch.map_or(0, |watch| self.store_watch(watch));
        self.deployments
            .extend(step.deployments.into_iter().map(|row| (row.id, row)));
        if !step.restraints.is_empty() {
            self.restraints.revision += 1;
        }
        for change in step.restraints {
            self.restraints.apply(change);
        }
        let first = self.last_event() + 1;
        let events: Vec<Event> = (first..)
            .zip(step.events)
            .map(|(id, new)| Event {
                id,
                at: new.at,
                watch: name.clone(),
                kind: new.kind,
            })
            .collect();
        self.events.extend(events.iter().cloned());
        Committed {
            version,
            restraints_revision: self.restraints.revision,
            events,
        }
    }

    fn store_watch(&mut self, watch: WatchState) -> u64 {
        let version = watch.version + 1;
        let row = WatchState { version, ..watch };
        self.watches.insert(row.name.clone(), row);
        version
    }

    fn move_cursor(&mut self, sink: &str, event: EventId) {
        let cursor = self.cursors.entry(sink.to_owned()).or_default();
        *cursor = event.max(*cursor);
    }

    fn last_event(&self) -> EventId {
        self.events.last().map_or(0, |event| event.id)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn load(&self, scope: &Scope) -> Result<Snapshot, StoreError> {
        let inner = self.call()?;
        let is_asked_for = |name: &WatchName| match scope {
            Scope::Everything => true,
            Scope::Watch(only) => only == name,
            Scope::Shared => false,
        };
        Ok(Snapshot {
            watches: inner
                .watches
                .values()
                .filter(|row| is_asked_for(&row.name))
                .cloned()
                .collect(),
            open: inner
                .deployments
                .values()
                .filter(|row| !row.state.is_terminal() && is_asked_for(&row.watch))
                .cloned()
                .collect(),
            restraints: inner.restraints.clone(),
            cursors: inner.cursors.clone(),
            last_event: inner.last_event(),
        })
    }

    async fn commit(&self, step: Step) -> Result<Committed, StoreError> {
        let mut inner = self.call()?;
        inner.check(&step, self.clock.now())?;
        let committed = inner.apply(step);
        if std::mem::take(&mut inner.lose_next_answer) {
            return Err(unavailable("the connection was lost before the answer"));
        }
        Ok(committed)
    }

    async fn deployments(&self, query: &DeploymentQuery) -> Result<Vec<Deployment>, StoreError> {
        let inner = self.call()?;
        Ok(inner
            .deployments
            .values()
            .rev()
            .filter(|row| query.id.is_none_or(|id| row.id == id))
            .filter(|row| query.watch.as_ref().is_none_or(|watch| row.watch == *watch))
            .filter(|row| query.before.is_none_or(|before| row.id < before))
            .take(query.limit as usize)
            .cloned()
            .collect())
    }

    async fn events(&self, query: &EventQuery) -> Result<Vec<Event>, StoreError> {
        let inner = self.call()?;
        let of_watch = |event: &&Event| {
            query
                .watch
                .as_ref()
                .is_none_or(|watch| event.watch.as_ref() == Some(watch))
        };
        let limit = query.limit as usize;
        let events = inner.events.iter().filter(of_watch);
        Ok(match query.range {
            EventRange::After(after) => events
                .filter(|event| event.id > after)
                .take(limit)
                .cloned()
                .collect(),
            EventRange::Before(before) => events
                .rev()
                .filter(|event| before.is_none_or(|before| event.id < before))
                .take(limit)
                .cloned()
                .collect(),
        })
    }

    async fn advance_cursor(&self, sink: &str, event: EventId) -> Result<(), StoreError> {
        let mut inner = self.call()?;
        inner.move_cursor(sink, event);
        Ok(())
    }

    async fn bury(&self, letter: &DeadLetter) -> Result<(), StoreError> {
        let mut inner = self.call()?;
        let key = (letter.event, letter.sink.clone());
        inner.dead_letters.insert(key, letter.clone());
        inner.move_cursor(&letter.sink, letter.event);
        Ok(())
    }

    async fn dead_letters(&self, query: &DeadLetterQuery) -> Result<Vec<DeadLetter>, StoreError> {
        let inner = self.call()?;
        let is_asked_for = |letter: &&DeadLetter| {
            letter.event > query.after
                && query.sink.as_ref().is_none_or(|sink| letter.sink == *sink)
        };
        let letters = inner.dead_letters.values().filter(is_asked_for);
        Ok(letters.take(query.limit as usize).cloned().collect())
    }

    async fn remove_dead_letter(&self, sink: &str, event: EventId) -> Result<(), StoreError> {
        let mut inner = self.call()?;
        inner.dead_letters.remove(&(event, sink.to_owned()));
        Ok(())
    }

    async fn lease(&self, claim: &LeaseClaim) -> Result<BTreeSet<Resource>, StoreError> {
        let mut inner = self.call()?;
        Ok(inner.leases.claim(claim, self.clock.now()))
    }

    async fn release(&self, replica: ReplicaId) -> Result<(), StoreError> {
        self.call()?.leases.release(replica);
        Ok(())
    }

    async fn generation(&self, fingerprint: &str) -> Result<u64, StoreError> {
        let mut inner = self.call()?;
        if inner.configurations.last().map(String::as_str) != Some(fingerprint) {
            inner.configurations.push(fingerprint.to_owned());
        }
        Ok(inner.configurations.len() as u64)
    }

    async fn log_tags(&self, changes: &TagChanges) -> Result<(), StoreError> {
        self.call()?.tag_log.write(changes);
        Ok(())
    }

    async fn tag_log(&self, query: &TagLogQuery) -> Result<Vec<LoggedTag>, StoreError> {
        Ok(self.call()?.tag_log.read(query))
    }

    async fn prune_tag_log(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        Ok(self.call()?.tag_log.prune(before))
    }
}

fn conflict(what: String) -> StoreError {
    StoreError::Conflict { what }
}

fn unavailable(problem: &str) -> StoreError {
    StoreError::Unavailable {
        problem: problem.to_owned(),
        source: None,
    }
}
