use std::time::Duration;

use registrywatcher::ports::StoreError;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sea_orm::sqlx::{self, ConnectOptions};
use sea_orm::{DatabaseConnection, SqlxPostgresConnector, SqlxSqliteConnector};

use crate::error;
use crate::url::{Backend, StoreUrl};

/// How the database is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOptions {
    /// How many connections are kept at most.
    pub max_connections: u32,
    /// How long a call waits for a connection.
    pub acquire_timeout: Duration,
    /// How long one statement may take, and how long SQLite waits for another process that writes.
    pub statement_timeout: Duration,
}

impl Default for StoreOptions {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            max_connections: 8,
            acquire_timeout: seconds(5),
            statement_timeout: seconds(5),
        }
    }
}

impl StoreOptions {
    /// How long one call of the port may take: after it the database is taken to be gone.
    pub(crate) fn call_timeout(&self) -> Duration {
        self.acquire_timeout + self.statement_timeout * 2
    }
}

/// Processes that open one new file at once disturb each other while they switch it to a write-ahead log, which SQLite
/// reports without waiting.
const SQLITE_ATTEMPTS: u32 = 50;
const SQLITE_PAUSE: Duration = Duration::from_millis(50);

/// Opens the database by a pool of our own making: `sea_orm::Database::connect` would trace the URL with its password.
pub(crate) async fn open(
    url: &StoreUrl,
    options: &StoreOptions,
) -> Result<DatabaseConnection, StoreError> {
    match &url.0 {
        Backend::Postgres(connect) => open_postgres(connect, options).await,
        Backend::Sqlite {
            options: connect,
            in_memory,
        } => open_sqlite(connect, *in_memory, options).await,
    }
    .map_err(|problem| error::of_connecting(url, &problem))
}

async fn open_postgres(
    connect: &PgConnectOptions,
    options: &StoreOptions,
) -> sqlx::Result<DatabaseConnection> {
    let millis = |time: Duration| time.as_millis().to_string();
    let name = connect
        .get_application_name()
        .unwrap_or("registrywatcher")
        .to_owned();
    let connect = connect
        .clone()
        .application_name(&name)
        .options([
            ("statement_timeout", millis(options.statement_timeout)),
            // A replica that vanished must not keep its locks.
            (
                "idle_in_transaction_session_timeout",
                millis(options.call_timeout()),
            ),
        ])
        .disable_statement_logging();
    let pool = PgPoolOptions::new()
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
        .connect_with(connect)
        .await?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

async fn open_sqlite(
    connect: &SqliteConnectOptions,
    in_memory: bool,
    options: &StoreOptions,
) -> sqlx::Result<DatabaseConnection> {
    let connect = connect
        .clone()
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(options.statement_timeout)
        .foreign_keys(true)
        .create_if_missing(true)
        .disable_statement_logging();
    let pool = SqlitePoolOptions::new().acquire_timeout(options.acquire_timeout);
    let pool = if in_memory {
        // The database lives as long as its connection, and each connection has its own.
        pool.min_connections(1)
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
    } else {
        pool.max_connections(options.max_connections)
    };
    let mut attempt = 1;
    loop {
        match pool.clone().connect_with(connect.clone()).await {
            Err(problem) if attempt < SQLITE_ATTEMPTS && error::is_locked(&problem) => {
                attempt += 1;
                tokio::time::sleep(SQLITE_PAUSE).await;
            }
            opened => return opened.map(SqlxSqliteConnector::from_sqlx_sqlite_pool),
        }
    }
}

#[cfg(test)]
mod tests;
