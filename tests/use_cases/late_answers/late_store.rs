use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registrywatcher::deployment::Deployment;
use registrywatcher::event::{Event, EventId};
use registrywatcher::ports::{
    Committed, DeadLetter, DeadLetterQuery, DeploymentQuery, EventQuery, LeaseClaim, LoggedTag,
    ReplicaId, Resource, Scope, Snapshot, Step, Store, StoreError, TagChanges, TagLogQuery,
};
use registrywatcher_memory::MemoryStore;
use tokio::sync::Notify;

/// A store of which one answer can be held back: what was asked is done at once.
#[derive(Clone)]
pub(super) struct LateStore {
    inner: MemoryStore,
    held: Arc<Mutex<Option<Held>>>,
}

/// The answer to the n-th call of some sort from now.
#[derive(Clone)]
pub(super) struct Held {
    call: &'static str,
    calls_before: u32,
    is_waiting: Arc<Notify>,
    released: Arc<Notify>,
}

impl Held {
    pub(super) async fn is_waiting(&self) {
        self.is_waiting.notified().await;
    }

    pub(super) fn release(self) {
        self.released.notify_one();
    }
}

impl LateStore {
    pub(super) fn new(inner: MemoryStore) -> Self {
        Self {
            inner,
            held: Arc::default(),
        }
    }

    pub(super) fn hold_answer(&self, call: &'static str, number: u32) -> Held {
        let held = Held {
            call,
            calls_before: number - 1,
            is_waiting: Arc::default(),
            released: Arc::default(),
        };
        *self.held.lock().unwrap() = Some(held.clone());
        held
    }

    pub(super) fn lose_next_answer(&self) {
        self.inner.fail_after_commit_next();
    }

    async fn late<T>(&self, call: &'static str, answer: T) -> T {
        let held = {
            let mut slot = self.held.lock().unwrap();
            match &mut *slot {
                Some(held) if held.call == call && held.calls_before == 0 => slot.take(),
                Some(held) if held.call == call => {
                    held.calls_before -= 1;
                    None
                }
                _ => None,
            }
        };
        if let Some(held) = held {
            held.is_waiting.notify_one();
            held.released.notified().await;
        }
        answer
    }
}

#[async_trait]
impl Store for LateStore {
    async fn load(&self, scope: &Scope) -> Result<Snapshot, StoreError> {
        let answer = self.inner.load(scope).await;
        self.late("load", answer).await
    }

    async fn commit(&self, step: Step) -> Result<Committed, StoreError> {
        let answer = self.inner.commit(step).await;
        self.late("commit", answer).await
    }

    async fn deployments(&self, query: &DeploymentQuery) -> Result<Vec<Deployment>, StoreError> {
        let answer = self.inner.deployments(query).await;
        self.late("deployments", answer).await
    }

    async fn events(&self, query: &EventQuery) -> Result<Vec<Event>, StoreError> {
        let answer = self.inner.events(query).await;
        self.late("events", answer).await
    }

    async fn advance_cursor(&self, sink: &str, event: EventId) -> Result<(), StoreError> {
        self.inner.advance_cursor(sink, event).await
    }

    async fn bury(&self, letter: &DeadLetter) -> Result<(), StoreError> {
        self.inner.bury(letter).await
    }

    async fn dead_letters(&self, query: &DeadLetterQuery) -> Result<Vec<DeadLetter>, StoreError> {
        self.inner.dead_letters(query).await
    }

    async fn remove_dead_letter(&self, sink: &str, event: EventId) -> Result<(), StoreError> {
        self.inner.remove_dead_letter(sink, event).await
    }

    async fn lease(&self, claim: &LeaseClaim) -> Result<BTreeSet<Resource>, StoreError> {
        let answer = self.inner.lease(claim).await;
        self.late("lease", answer).await
    }

    async fn release(&self, replica: ReplicaId) -> Result<(), StoreError> {
        self.inner.release(replica).await
    }

    async fn generation(&self, fingerprint: &str) -> Result<u64, StoreError> {
        self.inner.generation(fingerprint).await
    }

    async fn log_tags(&self, changes: &TagChanges) -> Result<(), StoreError> {
        self.inner.log_tags(changes).await
    }

    async fn tag_log(&self, query: &TagLogQuery) -> Result<Vec<LoggedTag>, StoreError> {
        self.inner.tag_log(query).await
    }

    async fn prune_tag_log(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.inner.prune_tag_log(before).await
    }
}
