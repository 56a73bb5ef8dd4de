use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

/// Told apart from other advisory locks by this number alone: `regwatch` in ASCII.
const TAKE_ADVISORY_LOCK: &str = "SELECT pg_advisory_xact_lock(8243108455405347688)";

/// A migration may rewrite a table, which takes longer than any statement of the service may.
const ALLOW_LONG_STATEMENTS: &str = "SET LOCAL statement_timeout = '10min'";

/// How often the write lock of SQLite is asked for; each time waits for the connection's busy timeout.
const SQLITE_ATTEMPTS: u32 = 12;

/// Begins the one transaction in which all migrations of a run are applied, and keeps other processes from doing the same
/// until it ends.
///
/// Without it the second of two processes fails, on both databases: each finds the same migrations missing.
pub(crate) async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let transaction = match db.get_database_backend() {
        DbBackend::Sqlite => begin_immediate(db).await?,
        _ => db.begin().await?,
    };
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction
            .execute_unprepared(ALLOW_LONG_STATEMENTS)
            .await?;
        transaction.execute_unprepared(TAKE_ADVISORY_LOCK).await?;
    }
    Ok(transaction)
}

async fn begin_immediate(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let mut attempt = 1;
    loop {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        match db.begin_with_options(options).await {
            Err(error) if attempt < SQLITE_ATTEMPTS && is_locked(&error) => attempt += 1,
            outcome => return outcome,
        }
    }
}

fn is_locked(error: &DbErr) -> bool {
    error.to_string().contains("database is locked")
}
