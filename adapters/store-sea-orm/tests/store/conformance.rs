//! The contracts of the Store, Tokens and Sessions ports.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::ports::{Sessions, Store, Tokens};
use registrywatcher_conformance::sessions::SessionsHarness;
use registrywatcher_conformance::store::StoreHarness;
use registrywatcher_conformance::tokens::TokensHarness;
use registrywatcher_store_sea_orm::SeaOrmStore;

use crate::databases::{Database, shared};

struct Harness {
    database: Database,
    store: SeaOrmStore,
    opened: Mutex<Vec<SeaOrmStore>>,
}

impl Harness {
    async fn over(database: Database) -> Self {
        let store = database.open().await;
        Self {
            database,
            opened: Mutex::new(vec![store.clone()]),
            store,
        }
    }
}

#[async_trait]
impl StoreHarness for Harness {
    fn store(&self) -> Arc<dyn Store> {
        shared(self.store.clone())
    }

    async fn second(&self) -> Arc<dyn Store> {
        let store = self.database.connect().await;
        self.opened.lock().unwrap().push(store.clone());
        shared(store)
    }

    async fn reopen(&self) -> Arc<dyn Store> {
        let opened = std::mem::take(&mut *self.opened.lock().unwrap());
        for store in opened {
            store.close().await.expect("a store closes");
        }
        self.second().await
    }

    /// Leases have become older, which is the same to the database as that it is later.
    async fn pass(&self, time: Duration) {
        let millis = time.as_millis();
        for table in ["leases", "replicas"] {
            let older = format!("UPDATE {table} SET expires_at = expires_at - {millis}");
            self.database.execute(&older).await;
        }
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
        Arc::new(self.database.connect().await)
    }
}

#[async_trait]
impl SessionsHarness for Harness {
    fn sessions(&self) -> Arc<dyn Sessions> {
        Arc::new(self.store.clone())
    }

    async fn second_sessions(&self) -> Arc<dyn Sessions> {
        Arc::new(self.database.connect().await)
    }
}

mod sqlite {
    use super::{Database, Harness};

    async fn harness() -> Harness {
        Harness::over(Database::sqlite()).await
    }

    registrywatcher_conformance::store_suite!(harness);
    registrywatcher_conformance::tokens_suite!(harness);
    registrywatcher_conformance::sessions_suite!(harness);
}

mod postgres {
    use super::{Database, Harness};

    async fn harness() -> Option<Harness> {
        Some(Harness::over(Database::postgres()?).await)
    }

    registrywatcher_conformance::store_suite!(harness?);
    registrywatcher_conformance::tokens_suite!(harness?);
    registrywatcher_conformance::sessions_suite!(harness?);
}
