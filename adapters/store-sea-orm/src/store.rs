use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registrywatcher::deployment::Deployment;
use registrywatcher::event::{Event, EventId};
use registrywatcher::ports::{
    Committed, DeadLetter, DeadLetterQuery, DeploymentQuery, EventQuery, LeaseClaim, LoggedTag,
    ReplicaId, Resource, Scope, Snapshot, Step, Store, StoreError, TagChanges, TagLogQuery,
};
use registrywatcher_migrations as migrations;
use sea_orm::{DatabaseConnection, DatabaseTransaction};

use crate::connect::{StoreOptions, open};
use crate::error::{of_migration, of_statement, unavailable};
use crate::transaction::{begin_read, begin_write, end};
use crate::url::StoreUrl;
use crate::{commit, leases, read, sinks, tag_log};

/// How long migrations may take, with the wait for other processes that migrate.
const MIGRATION_TIMEOUT: Duration = Duration::from_mins(15);

/// Remembers in SQLite or Postgres. Clones share one pool of connections.
#[derive(Debug, Clone)]
pub struct SeaOrmStore {
    pub(crate) db: DatabaseConnection,
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

    /// Does all of `work` or nothing.
    pub(crate) async fn writing<T>(
        &self,
        work: impl AsyncFnOnce(&DatabaseTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.bounded(async {
            let transaction = begin_write(&self.db).await?;
            let done = work(&transaction).await;
            end(transaction, done).await
        })
        .await
    }

    pub(crate) async fn bounded<T>(
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
    async fn load(&self, scope: &Scope) -> Result<Snapshot, StoreError> {
        self.bounded(async {
            let transaction = begin_read(&self.db).await?;
            let snapshot = read::snapshot(&transaction, scope).await;
            end(transaction, snapshot).await
        })
        .await
    }

    async fn commit(&self, step: Step) -> Result<Committed, StoreError> {
        self.writing(async |transaction| Box::pin(commit::step(transaction, step)).await)
            .await
    }

    async fn deployments(&self, query: &DeploymentQuery) -> Result<Vec<Deployment>, StoreError> {
        self.bounded(read::find_deployments(&self.db, query)).await
    }

    async fn events(&self, query: &EventQuery) -> Result<Vec<Event>, StoreError> {
        self.bounded(read::find_events(&self.db, query)).await
    }

    async fn advance_cursor(&self, sink: &str, event: EventId) -> Result<(), StoreError> {
        self.writing(async |transaction| sinks::advance(transaction, sink, event).await)
            .await
    }

    async fn bury(&self, letter: &DeadLetter) -> Result<(), StoreError> {
        self.writing(async |transaction| sinks::bury(transaction, letter).await)
            .await
    }

    async fn dead_letters(&self, query: &DeadLetterQuery) -> Result<Vec<DeadLetter>, StoreError> {
        self.bounded(sinks::find_dead_letters(&self.db, query))
            .await
    }

    async fn remove_dead_letter(&self, sink: &str, event: EventId) -> Result<(), StoreError> {
        self.writing(async |transaction| sinks::remove_dead_letter(transaction, sink, event).await)
            .await
    }

    async fn lease(&self, claim: &LeaseClaim) -> Result<BTreeSet<Resource>, StoreError> {
        self.writing(async |transaction| leases::claim(transaction, claim).await)
            .await
    }

    async fn release(&self, replica: ReplicaId) -> Result<(), StoreError> {
        self.writing(async |transaction| leases::release(transaction, replica).await)
            .await
    }

    async fn generation(&self, fingerprint: &str) -> Result<u64, StoreError> {
        self.writing(async |transaction| leases::generation(transaction, fingerprint).await)
            .await
    }

    async fn log_tags(&self, changes: &TagChanges) -> Result<(), StoreError> {
        self.writing(async |transaction| tag_log::write(transaction, changes).await)
            .await
    }

    async fn tag_log(&self, query: &TagLogQuery) -> Result<Vec<LoggedTag>, StoreError> {
        self.bounded(tag_log::find(&self.db, query)).await
    }

    async fn prune_tag_log(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.writing(async |transaction| tag_log::prune(transaction, before).await)
            .await
    }
}
