//! Taking over what the Go service stored.

use registrywatcher::intent::{Intent, Target};
use registrywatcher::ports::{Scope, Store, WatchState};
use registrywatcher_conformance::samples::tag;
use registrywatcher_conformance::store::samples::{at_version, name, step, watch};
use sea_orm::{ConnectionTrait, Statement};

use crate::databases::{Database, on_both_databases};

on_both_databases!(
    rows_of_the_go_service_become_watches,
    rows_are_imported_once_whatever_becomes_of_them,
    taking_the_import_back_keeps_what_a_watch_has_taken_over,
);

const GO_TABLE: &str = "CREATE TABLE deployed_repository_version (\
    repository_name varchar PRIMARY KEY, \
    pinned_tag varchar NOT NULL, \
    auto_deploy boolean NOT NULL DEFAULT true)";

const GO_ROWS: &str = "INSERT INTO deployed_repository_version VALUES \
    ('tracking', '', true), \
    ('pinned', 'v1.3.9', false), \
    ('no/name', 'v1', true), \
    ('bad-pin', 'v1:latest', false)";

async fn as_the_go_service_left_it(database: &Database) {
    database.execute(GO_TABLE).await;
    database.execute(GO_ROWS).await;
}

fn imported(watch_name: &str, target: Target, auto_deploy: bool) -> WatchState {
    let intent = Intent {
        target,
        auto_deploy,
        ..Intent::default()
    };
    WatchState {
        version: 1,
        repository: None,
        intent,
        ..watch(watch_name)
    }
}

async fn go_rows(database: &Database) -> usize {
    let administrator = database.administrator().await;
    let all = "SELECT * FROM deployed_repository_version";
    let all = Statement::from_string(administrator.get_database_backend(), all);
    administrator.query_all_raw(all).await.unwrap().len()
}

async fn rows_of_the_go_service_become_watches(database: &Database) {
    as_the_go_service_left_it(database).await;
    let loaded = database
        .open()
        .await
        .load(&Scope::Everything)
        .await
        .unwrap();
    let expected = [
        imported("bad-pin", Target::Track, false),
        imported("pinned", Target::Pin(tag("v1.3.9")), false),
        imported("tracking", Target::Track, true),
    ];
    assert_eq!(loaded.watches, expected);
    assert_eq!(
        go_rows(database).await,
        4,
        "the table of the Go service is left alone"
    );
}

async fn rows_are_imported_once_whatever_becomes_of_them(database: &Database) {
    as_the_go_service_left_it(database).await;
    let store = database.open().await;
    let unpinned = at_version("pinned", 1);
    store.commit(step(unpinned.clone())).await.unwrap();
    database
        .execute("UPDATE deployed_repository_version SET pinned_tag = 'v2'")
        .await;

    let store = database.open().await;
    let loaded = store
        .load(&Scope::Watch(name("pinned")))
        .await
        .unwrap()
        .watches;
    assert_eq!(
        loaded,
        [WatchState {
            version: 2,
            ..unpinned
        }]
    );
    let other = store
        .load(&Scope::Watch(name("tracking")))
        .await
        .unwrap()
        .watches;
    assert_eq!(other, [imported("tracking", Target::Track, true)]);
}

async fn taking_the_import_back_keeps_what_a_watch_has_taken_over(database: &Database) {
    as_the_go_service_left_it(database).await;
    let store = database.open().await;
    store.commit(step(at_version("pinned", 1))).await.unwrap();
    let migrations = store.migration_status().await.unwrap();
    let later = migrations.iter().rev();
    let later = later.take_while(|migration| !migration.name.contains("import_go_service"));
    let with_the_import = u32::try_from(later.count() + 1).unwrap();
    store.migrate_down(with_the_import).await.unwrap();
    let left = store.load(&Scope::Everything).await.unwrap().watches;
    assert_eq!(
        left.iter().map(|watch| &watch.name).collect::<Vec<_>>(),
        [&name("pinned")]
    );
    assert_eq!(go_rows(database).await, 4);
}
