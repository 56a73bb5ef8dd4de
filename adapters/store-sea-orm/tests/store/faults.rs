//! What is answered when the database is not as it should be.

use registrywatcher::ports::{EventQuery, EventRange, Scope, Step, Store, StoreError};
use registrywatcher_conformance::store::samples::{at_version, event, step, watch};
use registrywatcher_store_sea_orm::SeaOrmStore;
use sea_orm::{ConnectionTrait, SqliteTransactionMode, TransactionOptions, TransactionTrait};

use crate::databases::{Database, impatient, on_both_databases};

on_both_databases!(
    a_row_that_cannot_be_understood_is_named,
    a_writer_that_never_ends_makes_others_give_up_and_change_nothing,
    a_database_without_schema_is_unavailable,
);

async fn a_row_that_cannot_be_understood_is_named(database: &Database) {
    let store = database.open().await;
    store
        .commit(Step {
            events: vec![event(1)],
            ..step(watch("web"))
        })
        .await
        .unwrap();
    let whole = "UPDATE watches SET pinned_tag = NULL, requests = '[]', version = 1";
    let cases = [
        (
            "UPDATE watches SET pinned_tag = 'a/b'",
            "table watches, row `web`, column pinned_tag",
        ),
        (
            "UPDATE watches SET requests = '[{}]'",
            "table watches, row `web`, column requests",
        ),
        (
            "UPDATE watches SET version = -1",
            "table watches, row `web`, column version",
        ),
        ("DELETE FROM restraints", "table restraints"),
    ];
    for (damage, place) in cases {
        database.execute(damage).await;
        match store.load(&Scope::Everything).await {
            Err(StoreError::Corrupt { place: found, .. }) => assert_eq!(found, place),
            other => panic!("{damage} was not noticed: {other:?}"),
        }
        database.execute(whole).await;
    }
    database
        .execute("UPDATE events SET kind = 'watch_forgotten'")
        .await;
    let query = EventQuery {
        watch: None,
        range: EventRange::After(0),
        limit: 1,
    };
    let error = store.events(&query).await.unwrap_err().to_string();
    assert!(
        error.contains("row `1`") && error.contains("watch_forgotten"),
        "{error}"
    );
}

async fn a_writer_that_never_ends_makes_others_give_up_and_change_nothing(database: &Database) {
    database
        .open()
        .await
        .commit(step(watch("web")))
        .await
        .unwrap();
    let store = database.connect_with(&impatient()).await;
    let administrator = database.administrator().await;
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let writer = administrator.begin_with_options(immediate).await.unwrap();
    writer
        .execute_unprepared("UPDATE watches SET retired = retired")
        .await
        .unwrap();

    let told = Step {
        events: vec![event(1)],
        ..step(at_version("web", 1))
    };
    let refused = store.commit(told.clone()).await.unwrap_err();
    assert!(refused.is_transient(), "{refused}");
    let loaded = store
        .load(&Scope::Everything)
        .await
        .expect("readers do not wait for a writer");
    assert_eq!((loaded.watches[0].version, loaded.last_event), (1, 0));

    writer.rollback().await.unwrap();
    assert_eq!(store.commit(told).await.unwrap().version, 2);
}

async fn a_database_without_schema_is_unavailable(database: &Database) {
    let store = database.connect().await;
    store.ping().await.unwrap();
    assert!(matches!(
        store.load(&Scope::Everything).await,
        Err(StoreError::Unavailable { .. })
    ));
}

#[tokio::test]
async fn an_error_of_connecting_names_the_database_and_no_password() {
    let nowhere = tempfile::tempdir().unwrap().path().join("gone/state.db");
    let nowhere = format!("sqlite://{}", nowhere.display());
    let cases = [
        (
            "postgres://rw:hunter2@127.0.0.1:1/rw",
            "postgres://127.0.0.1:1/rw",
        ),
        (
            "postgres://rw:hunter2@localhost/rw?host=/nonexistent",
            "/rw",
        ),
        (nowhere.as_str(), "gone/state.db"),
    ];
    for (url, named) in cases {
        let error = SeaOrmStore::connect(&url.parse().unwrap(), &impatient())
            .await
            .unwrap_err();
        assert!(error.is_transient(), "{error}");
        let error = format!("{error} {error:?}");
        assert!(
            error.contains(named) && !error.contains("hunter2"),
            "{error}"
        );
    }
}
