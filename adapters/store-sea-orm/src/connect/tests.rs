use registrywatcher_conformance::backends::Postgres;
use sea_orm::{ConnectionTrait, Statement};

use super::*;

async fn asked(db: &DatabaseConnection, sql: &str) -> String {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let row = db
        .query_one_raw(statement)
        .await
        .unwrap()
        .expect("a setting has a value");
    row.try_get_by_index::<String>(0)
        .or_else(|_| {
            row.try_get_by_index::<i32>(0)
                .map(|number| number.to_string())
        })
        .unwrap()
}

async fn has_settings(url: &str, settings: &[(&str, &str)]) {
    let db = open(&url.parse().unwrap(), &StoreOptions::default())
        .await
        .unwrap();
    for (setting, expected) in settings {
        assert_eq!(asked(&db, setting).await, *expected, "{setting}");
    }
}

#[tokio::test]
async fn a_file_of_sqlite_has_a_write_ahead_log_and_waits_for_writers() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("state.db").display());
    let settings = [
        ("PRAGMA journal_mode", "wal"),
        ("PRAGMA synchronous", "1"),
        ("PRAGMA busy_timeout", "5000"),
        ("PRAGMA foreign_keys", "1"),
    ];
    has_settings(&url, &settings).await;
    has_settings("sqlite::memory:", &[("PRAGMA journal_mode", "memory")]).await;
}

#[tokio::test]
async fn a_connection_to_postgres_has_limits_and_a_name() {
    let Some(postgres) = Postgres::start() else {
        return;
    };
    let settings = [
        ("SHOW statement_timeout", "5s"),
        ("SHOW idle_in_transaction_session_timeout", "15s"),
        ("SHOW application_name", "registrywatcher"),
    ];
    has_settings(&postgres.create_database(), &settings).await;
    let named = format!("{}&application_name=staging", postgres.create_database());
    has_settings(&named, &[("SHOW application_name", "staging")]).await;
}
