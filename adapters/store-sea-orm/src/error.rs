use registrywatcher::ports::StoreError;
use sea_orm::sqlx;
use sea_orm::{DbErr, RuntimeErr, SqlErr};

use crate::url::StoreUrl;

/// What a failed statement means to the caller.
pub(crate) fn of_statement(error: DbErr) -> StoreError {
    match error {
        DbErr::Query(RuntimeErr::SqlxError(driver))
        | DbErr::Exec(RuntimeErr::SqlxError(driver)) => match &*driver {
            sqlx::Error::ColumnDecode { index, source } => {
                corrupt(format!("column {index}"), source)
            }
            other => unavailable(other),
        },
        DbErr::ConnectionAcquire(problem) => {
            unavailable(&format!("no connection could be had: {problem}"))
        }
        DbErr::Type(problem) => corrupt("a column".to_owned(), &problem),
        other => unavailable(&other),
    }
}

/// What a failed migration means to the caller.
pub(crate) fn of_migration(error: DbErr) -> StoreError {
    match error {
        // The only error that the migrator makes itself.
        DbErr::Custom(problem) => corrupt("table seaql_migrations".to_owned(), &problem),
        other => of_statement(other),
    }
}

pub(crate) fn of_connecting(url: &StoreUrl, error: &sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::PoolTimedOut => unavailable(&format!(
            "{url} did not answer in time; is it up and reachable"
        )),
        other => unavailable(&format!("{url} cannot be opened: {other}")),
    }
}

pub(crate) fn unavailable(problem: &(impl ToString + ?Sized)) -> StoreError {
    StoreError::Unavailable {
        problem: problem.to_string(),
        source: None,
    }
}

pub(crate) fn corrupt(place: String, problem: &(impl ToString + ?Sized)) -> StoreError {
    StoreError::Corrupt {
        place,
        problem: problem.to_string(),
    }
}

pub(crate) fn is_unique_violation(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

pub(crate) fn is_locked(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(|error| error.message().contains("database is locked"))
}
