use std::sync::Arc;
use std::time::Duration;

use registrywatcher::ports::Store;
use registrywatcher_conformance::backends::Postgres;
use registrywatcher_store_sea_orm::{SeaOrmStore, StoreOptions, StoreUrl};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use tempfile::TempDir;

/// One empty database of its own for a test.
pub(crate) struct Database {
    pub(crate) url: String,
    _folder: Option<TempDir>,
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("the system has room for a temporary folder");
        let url = format!("sqlite://{}", folder.path().join("state.db").display());
        Self {
            url,
            _folder: Some(folder),
        }
    }

    pub(crate) fn postgres() -> Option<Self> {
        let url = Postgres::start()?.create_database();
        Some(Self { url, _folder: None })
    }

    /// A handle, as one process has it.
    pub(crate) async fn connect(&self) -> SeaOrmStore {
        self.connect_with(&StoreOptions::default()).await
    }

    pub(crate) async fn connect_with(&self, options: &StoreOptions) -> SeaOrmStore {
        SeaOrmStore::connect(&self.url(), options)
            .await
            .expect("the database is up")
    }

    /// A handle on a database that has its schema.
    pub(crate) async fn open(&self) -> SeaOrmStore {
        let store = self.connect().await;
        store.migrate().await.expect("the schema can be made");
        store
    }

    /// The database past the store, as an administrator has it.
    pub(crate) async fn administrator(&self) -> DatabaseConnection {
        let created = if self.url.starts_with("sqlite:") {
            "?mode=rwc"
        } else {
            ""
        };
        let url = format!("{}{created}", self.url);
        sea_orm::Database::connect(url)
            .await
            .expect("the database is up")
    }

    pub(crate) async fn execute(&self, sql: &str) {
        let administrator = self.administrator().await;
        administrator
            .execute_unprepared(sql)
            .await
            .expect("the statement of a test is right");
        administrator.close().await.expect("a connection closes");
    }

    pub(crate) fn url(&self) -> StoreUrl {
        self.url.parse().expect("the URL of a test is one")
    }
}

/// Options with which a test need not wait long for a database that does not answer.
pub(crate) fn impatient() -> StoreOptions {
    let soon = Duration::from_millis(400);
    StoreOptions {
        acquire_timeout: soon,
        statement_timeout: soon,
        ..StoreOptions::default()
    }
}

pub(crate) fn shared(store: SeaOrmStore) -> Arc<dyn Store> {
    Arc::new(store)
}

/// One test for each database of each function, which takes a `Database`.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(&crate::databases::Database::sqlite()).await;
            }
        )+}
        mod postgres {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                if let Some(database) = crate::databases::Database::postgres() {
                    super::$name(&database).await;
                }
            }
        )+}
    };
}

pub(crate) use on_both_databases;
