use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use registrywatcher::deployment::{Deployment, DeploymentId, Quarantined};
use registrywatcher::event::{Event, EventId};
use registrywatcher::ports::{
    Committed, DeploymentQuery, EventQuery, EventRange, Quarantine, Snapshot, Step, Store,
    StoreError, WatchState,
};
use registrywatcher::watch::{Unit, WatchName};

/// Remembers in memory. Clones are handles on the same data.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    watches: BTreeMap<WatchName, WatchState>,
    deployments: BTreeMap<DeploymentId, Deployment>,
    quarantine: Quarantine,
    events: Vec<Event>,
    cursors: BTreeMap<String, EventId>,
    calls: u64,
    failures_left: u32,
    lose_next_answer: bool,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
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
            quarantine: snapshot.quarantine,
            cursors: snapshot.cursors,
            ..Inner::default()
        };
        Self {
            inner: Arc::new(Mutex::new(inner)),
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

impl Inner {
    fn check(&self, step: &Step) -> Result<(), StoreError> {
        let stored = self
            .watches
            .get(&step.watch.name)
            .map_or(0, |watch| watch.version);
        if stored != step.watch.version {
            return Err(StoreError::Conflict {
                what: format!("the watch `{}`", step.watch.name),
            });
        }
        if step
            .quarantine_revision
            .is_some_and(|revision| revision != self.quarantine.revision)
        {
            return Err(StoreError::Conflict {
                what: "the quarantine".to_owned(),
            });
        }
        if self.leaves_units_to_one(&step.deployments) {
            Ok(())
        } else {
            Err(StoreError::UnitBusy)
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
        let version = step.watch.version + 1;
        let name = step.watch.name.clone();
        self.watches.insert(
            name.clone(),
            WatchState {
                version,
                ..step.watch
            },
        );
        self.deployments
            .extend(step.deployments.into_iter().map(|row| (row.id, row)));
        if !step.quarantine.is_empty() {
            self.quarantine(step.quarantine);
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
            quarantine_revision: self.quarantine.revision,
            events,
        }
    }

    fn quarantine(&mut self, new: Vec<Quarantined>) {
        self.quarantine.revision += 1;
        let entries = &mut self.quarantine.entries;
        entries.retain(|old| new.iter().all(|new| new.deployment != old.deployment));
        entries.extend(new);
        entries.sort_by_key(|entry| (entry.since, entry.deployment));
    }

    fn last_event(&self) -> EventId {
        self.events.last().map_or(0, |event| event.id)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn load(&self, only: Option<&WatchName>) -> Result<Snapshot, StoreError> {
        let inner = self.call()?;
        let is_asked_for = |name: &WatchName| only.is_none_or(|only| only == name);
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
            quarantine: inner.quarantine.clone(),
            cursors: inner.cursors.clone(),
            last_event: inner.last_event(),
        })
    }

    async fn commit(&self, step: Step) -> Result<Committed, StoreError> {
        let mut inner = self.call()?;
        inner.check(&step)?;
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
                .is_none_or(|watch| event.watch == *watch)
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
        let cursor = inner.cursors.entry(sink.to_owned()).or_default();
        *cursor = event.max(*cursor);
        Ok(())
    }
}

fn unavailable(problem: &str) -> StoreError {
    StoreError::Unavailable {
        problem: problem.to_owned(),
        source: None,
    }
}
