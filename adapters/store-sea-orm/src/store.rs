use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::deployment::Deployment;
use registrywatcher::event::{Event, EventId};
use registrywatcher::ports::{
    Committed, DeploymentQuery, EventQuery, Snapshot, Step, Store, StoreError,
};
use registrywatcher::watch::WatchName;
use registrywatcher_migrations as migrations;
use sea_orm::DatabaseConnection;

use crate::connect::{StoreOptions, open};
use crate::error::{of_migration, of_statement, unavailable};
use crate::transaction::{begin_read, begin_write, end};
use crate::url::StoreUrl;
use crate::{commit, read};

/// How long migrations may take, with the wait for other processes that migrate.
const MIGRATION_TIMEOUT: Duration = Duration::from_mins(15);

/// Remembers in SQLite or Postgres. Clones share one pool of connections.
#[derive(Debug, Clone)]
pub struct SeaOrmStore {
    db: DatabaseConnection,
    statements: Arc<AtomicU64>,
    call_timeout: Duration,
}

impl SeaOrmStore {
    /// Opens the database, and makes the file of a SQLite one that does not exist; its schema is made by [`migrate`](Self::migrate).
    pub async fn connect(url: &StoreUrl, options: &StoreOptions) -> Result<Self, StoreError> {
        let mut db = open(url, options).await?;
        let statements = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&statements);
        db.set_metric_callback(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        Ok(Self {
            db,
            statements,
            call_timeout: options.call_timeout(),
        })
    }

    /// Brings the schema up to date; several processes may do so at once.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let up = async { migrations::up(&self.db).await.map_err(of_migration) };
        within(MIGRATION_TIMEOUT, up).await
    }

    /// Takes back the last `steps` migrations, with the data that they made room for.
    pub async fn migrate_down(&self, steps: u32) -> Result<(), StoreError> {
        let down = async {
            migrations::down(&self.db, steps)
                .await
                .map_err(of_migration)
        };
        within(MIGRATION_TIMEOUT, down).await
    }

    /// Which migrations the database has.
    pub async fn migration_status(&self) -> Result<Vec<migrations::Status>, StoreError> {
        self.bounded(async { migrations::status(&self.db).await.map_err(of_migration) })
            .await
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.bounded(async { self.db.ping().await.map_err(of_statement) })
            .await
    }

    /// How many statements have been sent, those that begin and end transactions left out.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Closes all connections, of clones too; SQLite then folds its write-ahead log into the file.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.db.close_by_ref().await.map_err(of_statement)
    }

    async fn bounded<T>(
        &self,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        within(self.call_timeout, call).await
    }
}

/// Gives up on a database that does not answer: its own time limits do not help when the network is gone.
async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    tokio::time::timeout(limit, call).await.unwrap_or_else(|_| {
        let seconds = limit.as_secs_f32();
        Err(unavailable(&format!(
            "the database did not answer within {seconds} s"
        )))
    })
}

#[async_trait]
impl Store for SeaOrmStore {
    async fn load(&self, only: Option<&WatchName>) -> Result<Snapshot, StoreError> {
        self.bounded(async {
            let transaction = begin_read(&self.db).await?;
            let snapshot = read::snapshot(&transaction, only).await;
            end(transaction, snapshot).await
        })
        .await
    }

    async fn commit(&self, step: Step) -> Result<Committed, StoreError> {
        self.bounded(async {
            let transaction = begin_write(&self.db).await?;
            let committed = Box::pin(commit::step(&transaction, step)).await;
            end(transaction, committed).await
        })
        .await
    }

    async fn deployments(&self, query: &DeploymentQuery) -> Result<Vec<Deployment>, StoreError> {
        self.bounded(read::find_deployments(&self.db, query)).await
    }

    async fn events(&self, query: &EventQuery) -> Result<Vec<Event>, StoreError> {
        self.bounded(read::find_events(&self.db, query)).await
    }

    async fn advance_cursor(&self, sink: &str, event: EventId) -> Result<(), StoreError> {
        self.bounded(async {
            let transaction = begin_write(&self.db).await?;
            let advanced = commit::cursor(&transaction, sink, event).await;
            end(transaction, advanced).await
        })
        .await
    }
}
