use registrywatcher::ports::StoreError;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::*;
use crate::connect::{StoreOptions, open};

async fn read_then_write(db: &DatabaseConnection) -> Result<(), StoreError> {
    let transaction = begin_write(db).await?;
    let read = Statement::from_string(DbBackend::Sqlite, "SELECT value FROM counters");
    let row = transaction
        .query_one_raw(read)
        .await
        .map_err(error::of_statement)?;
    let value: i64 = row
        .expect("there is one row")
        .try_get("", "value")
        .expect("a number");
    let write = format!("UPDATE counters SET value = {}", value + 1);
    let written = transaction.execute_unprepared(&write).await;
    end(
        transaction,
        written.map(|_| ()).map_err(error::of_statement),
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_those_that_read_before_they_write_wait_for_their_turn() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("state.db").display());
    let db = open(&url.parse().unwrap(), &StoreOptions::default())
        .await
        .unwrap();
    db.execute_unprepared("CREATE TABLE counters (value bigint)")
        .await
        .unwrap();
    db.execute_unprepared("INSERT INTO counters VALUES (0)")
        .await
        .unwrap();
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    read_then_write(&db)
                        .await
                        .expect("a writer waits for the others");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let total = Statement::from_string(DbBackend::Sqlite, "SELECT value FROM counters");
    let total = db.query_one_raw(total).await.unwrap().unwrap();
    assert_eq!(total.try_get::<i64>("", "value").unwrap(), 80);
}
