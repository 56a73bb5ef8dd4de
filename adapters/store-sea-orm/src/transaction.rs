use registrywatcher::ports::StoreError;
use sea_orm::{
    AccessMode, DatabaseConnection, DatabaseTransaction, DbBackend, IsolationLevel,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use crate::error;

/// Begins a transaction that writes; the only way to write.
///
/// On SQLite it takes the write lock at once: a transaction that reads first cannot wait for it, and fails.
pub(crate) async fn begin_write(
    db: &DatabaseConnection,
) -> Result<DatabaseTransaction, StoreError> {
    begin(
        db,
        TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        },
    )
    .await
}

/// Begins a transaction whose statements all see the data of one moment.
pub(crate) async fn begin_read(db: &DatabaseConnection) -> Result<DatabaseTransaction, StoreError> {
    let options = match db.get_database_backend() {
        DbBackend::Postgres => TransactionOptions {
            isolation_level: Some(IsolationLevel::RepeatableRead),
            access_mode: Some(AccessMode::ReadOnly),
            ..TransactionOptions::default()
        },
        // Every transaction of SQLite sees one moment.
        _ => TransactionOptions::default(),
    };
    begin(db, options).await
}

async fn begin(
    db: &DatabaseConnection,
    options: TransactionOptions,
) -> Result<DatabaseTransaction, StoreError> {
    db.begin_with_options(options)
        .await
        .map_err(error::of_statement)
}

/// Commits what was done, or rolls it back if any of it failed.
pub(crate) async fn end<T>(
    transaction: DatabaseTransaction,
    outcome: Result<T, StoreError>,
) -> Result<T, StoreError> {
    match outcome {
        Ok(value) => {
            transaction.commit().await.map_err(error::of_statement)?;
            Ok(value)
        }
        Err(refusal) => {
            // A connection that cannot even roll back is thrown away, and the database rolls back by itself.
            let _ = transaction.rollback().await;
            Err(refusal)
        }
    }
}

#[cfg(test)]
mod tests;
