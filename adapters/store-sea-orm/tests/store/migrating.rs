//! Bringing the schema up to date, and back.

use registrywatcher::ports::{Scope, Store, StoreError};
use registrywatcher_conformance::store::samples::{name, step, watch};
use registrywatcher_store_sea_orm::{MigrationStatus, SeaOrmStore, StoreOptions};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::databases::{Database, on_both_databases};

on_both_databases!(
    migrations_go_up_and_down_and_up_again,
    eight_processes_that_start_at_once_all_find_the_schema_made,
    a_migration_that_is_not_known_is_named_and_nothing_is_touched,
    status_makes_no_table,
);

/// What the database says of each table and index of ours.
async fn schema(database: &Database) -> Vec<String> {
    let administrator = database.administrator().await;
    let sql = match administrator.get_database_backend() {
        DbBackend::Postgres => {
            "SELECT concat(table_name, ' ', column_name, ' ', data_type, ' ', is_nullable) AS line \
             FROM information_schema.columns WHERE table_schema = 'public' \
             UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
        }
        _ => "SELECT sql AS line FROM sqlite_master WHERE sql IS NOT NULL ORDER BY 1",
    };
    let statement = Statement::from_string(administrator.get_database_backend(), sql);
    let rows = administrator.query_all_raw(statement).await.unwrap();
    let lines: Vec<String> = rows
        .iter()
        .map(|row| row.try_get("", "line").unwrap())
        .collect();
    lines
        .into_iter()
        .filter(|line| !line.contains("seaql_migrations"))
        .collect()
}

fn applied(status: &[MigrationStatus]) -> Vec<bool> {
    status
        .iter()
        .map(|migration| migration.is_applied)
        .collect()
}

async fn migrations_go_up_and_down_and_up_again(database: &Database) {
    let store = database.open().await;
    let made = schema(database).await;
    assert!(
        made.iter()
            .any(|line| line.contains("deployments_active_unit")),
        "{made:?}"
    );
    store.commit(step(watch("web"))).await.unwrap();
    let all = store.migration_status().await.unwrap();
    assert!(applied(&all).into_iter().all(|is_applied| is_applied));

    let later = all.len() - 1;
    store
        .migrate_down(u32::try_from(later).unwrap())
        .await
        .unwrap();
    assert_eq!(
        applied(&store.migration_status().await.unwrap()),
        [vec![true], vec![false; later]].concat()
    );
    assert_eq!(
        store.load(&Scope::Everything).await.unwrap().watches.len(),
        1,
        "data outlives the import"
    );

    store
        .migrate_down(u32::try_from(all.len()).unwrap())
        .await
        .unwrap();
    let left = schema(database).await;
    assert!(
        left.iter().all(|line| line.contains("sqlite_sequence")),
        "{left:?}"
    );
    assert!(
        store.load(&Scope::Everything).await.is_err(),
        "there is no table to load from"
    );

    store.migrate().await.unwrap();
    store.migrate().await.unwrap();
    assert_eq!(schema(database).await, made);
    assert_eq!(
        store
            .load(&Scope::Watch(name("web")))
            .await
            .unwrap()
            .watches,
        []
    );
    store.commit(step(watch("web"))).await.unwrap();
}

async fn eight_processes_that_start_at_once_all_find_the_schema_made(database: &Database) {
    let url = database.url();
    let starts: Vec<_> = (0..8)
        .map(|n| {
            let url = url.clone();
            tokio::spawn(async move {
                let store = SeaOrmStore::connect(&url, &StoreOptions::default()).await?;
                store.migrate().await?;
                store.commit(step(watch(&format!("watch-{n}")))).await
            })
        })
        .collect();
    for start in starts {
        start
            .await
            .unwrap()
            .expect("a process that starts beside others starts");
    }
    assert_eq!(
        database
            .open()
            .await
            .load(&Scope::Everything)
            .await
            .unwrap()
            .watches
            .len(),
        8
    );
}

async fn a_migration_that_is_not_known_is_named_and_nothing_is_touched(database: &Database) {
    let store = database.open().await;
    let made = schema(database).await;
    database
        .execute("INSERT INTO seaql_migrations VALUES ('m20990101_000001_later', 1)")
        .await;
    for refused in [store.migrate().await, store.migrate_down(1).await] {
        match refused {
            Err(error @ StoreError::Corrupt { .. }) => {
                assert!(
                    error.to_string().contains("m20990101_000001_later"),
                    "{error}"
                );
            }
            other => panic!("a newer schema was not noticed: {other:?}"),
        }
    }
    assert_eq!(schema(database).await, made);
}

async fn status_makes_no_table(database: &Database) {
    let status = database.connect().await.migration_status().await.unwrap();
    assert!(!status.is_empty());
    assert!(!applied(&status).contains(&true), "{status:?}");
    assert_eq!(schema(database).await, Vec::<String>::new());
}
