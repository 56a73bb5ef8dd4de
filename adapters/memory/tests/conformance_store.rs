//! [`MemoryStore`] keeps the contract of the Store, Tokens and Sessions ports, and breaks on demand.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::ports::{Scope, Sessions, Store, StoreError, Tokens};
use registrywatcher_conformance::sessions::SessionsHarness;
use registrywatcher_conformance::store::StoreHarness;
use registrywatcher_conformance::store::samples::{event, name, step, watch};
use registrywatcher_conformance::tokens::TokensHarness;
use registrywatcher_memory::{MemoryClock, MemoryStore};

struct Harness {
    store: MemoryStore,
    clock: MemoryClock,
}

#[async_trait]
impl StoreHarness for Harness {
    fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.store.clone())
    }

    async fn second(&self) -> Arc<dyn Store> {
        self.store()
    }

    async fn reopen(&self) -> Arc<dyn Store> {
        self.store()
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

#[async_trait]
impl TokensHarness for Harness {
    fn tokens(&self) -> Arc<dyn Tokens> {
        Arc::new(self.store.clone())
    }

    fn events(&self) -> Arc<dyn Store> {
        Arc::new(self.store.clone())
    }

    async fn second_tokens(&self) -> Arc<dyn Tokens> {
        self.tokens()
    }
}

#[async_trait]
impl SessionsHarness for Harness {
    fn sessions(&self) -> Arc<dyn Sessions> {
        Arc::new(self.store.clone())
    }

    async fn second_sessions(&self) -> Arc<dyn Sessions> {
        self.sessions()
    }
}

#[expect(clippy::unused_async, reason = "the suites await their harness")]
async fn harness() -> Harness {
    let clock = MemoryClock::new();
    let store = MemoryStore::with_clock(Arc::new(clock.clone()));
    Harness { store, clock }
}

registrywatcher_conformance::store_suite!(harness);
registrywatcher_conformance::tokens_suite!(harness);
registrywatcher_conformance::sessions_suite!(harness);

#[tokio::test]
async fn a_store_told_to_fail_changes_nothing_and_is_well_again_afterwards() {
    let store = MemoryStore::new();
    store.fail_next(2);

    let refused = store.commit(step(watch("web"))).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })));
    assert!(store.load(&Scope::Everything).await.is_err());
    assert_eq!(store.watch(&name("web")), None);

    assert_eq!(store.commit(step(watch("web"))).await.unwrap().version, 1);
    assert_eq!(store.calls(), 3);
}

#[tokio::test]
async fn an_answer_that_is_lost_leaves_the_step_committed() {
    let store = MemoryStore::new();
    store.fail_after_commit_next();
    let mut told = step(watch("web"));
    told.events = vec![event(1)];

    let lost = store.commit(told.clone()).await;
    assert!(matches!(lost, Err(StoreError::Unavailable { .. })));
    assert_eq!(
        store.watch(&name("web")).map(|watch| watch.version),
        Some(1)
    );
    assert_eq!(store.all_events().len(), 1);
    assert_eq!(store.all_deployments(), []);

    let again = store.commit(told).await;
    assert!(
        matches!(again, Err(StoreError::Conflict { .. })),
        "the step must be decided anew"
    );
}
