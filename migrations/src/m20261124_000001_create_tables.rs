use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_pk_auto, boolean, pk_uuid, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: [&str; 6] = [
    "watches",
    "deployments",
    "quarantine",
    "events",
    "sink_cursors",
    "counters",
];

/// The states in which an orchestrator may be changing something.
const ACTIVE: [&str; 3] = ["applying", "rolling", "awaiting_promotion"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(watches()).await?;
        manager.create_table(deployments()).await?;
        for index in deployment_indexes() {
            manager.create_index(index).await?;
        }
        manager.create_table(quarantine()).await?;
        manager.create_table(events()).await?;
        let of_watch = Index::create()
            .name("events_of_watch")
            .table("events")
            .col("watch")
            .col("id")
            .take();
        manager.create_index(of_watch).await?;
        manager.create_table(sink_cursors()).await?;
        manager.create_table(counters()).await?;
        let quarantine_revision = Query::insert()
            .into_table("counters")
            .columns(["name", "value"])
            .values_panic(["quarantine".into(), 0_i64.into()])
            .take();
        manager.execute(quarantine_revision).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES.into_iter().rev() {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        Ok(())
    }
}

fn key(name: &'static str) -> ColumnDef {
    text(name).primary_key().take()
}

/// `pinned_tag` is null while the watch tracks. Columns of structured values hold JSON as text: `jsonb` cannot hold the
/// NUL that the output of a program may contain.
fn watches() -> TableCreateStatement {
    Table::create()
        .table("watches")
        .col(key("name"))
        .col(big_integer("version"))
        .col(text_null("repository"))
        .col(text_null("pinned_tag"))
        .col(boolean("auto_deploy"))
        .col(text_null("hold"))
        .col(big_integer("intent_revision"))
        .col(text("requests"))
        .col(text("workloads"))
        .col(boolean("retired"))
        .take()
}

/// `id` is a UUID of version 7, so that it orders by time; `digest` repeats that of `image`, for people.
fn deployments() -> TableCreateStatement {
    Table::create()
        .table("deployments")
        .col(pk_uuid("id"))
        .col(text("watch"))
        .col(text("workload"))
        .col(text("unit"))
        .col(text("source"))
        .col(text("tag"))
        .col(text("digest"))
        .col(text("image"))
        .col(text("cause"))
        .col(boolean("forced"))
        .col(text_null("previous"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("deadline"))
        .col(uuid_null("superseded_by"))
        .col(text("state"))
        .col(text("state_data"))
        .col(timestamp_with_time_zone_null("ended_at"))
        .take()
}

fn deployment_indexes() -> [IndexCreateStatement; 3] {
    let on = |name: &str| Index::create().name(name).table("deployments").take();
    [
        on("deployments_active_unit")
            .col("unit")
            .unique()
            .and_where(Expr::col("state").is_in(ACTIVE))
            .take(),
        on("deployments_of_watch").col("watch").col("id").take(),
        on("deployments_open")
            .col("id")
            .and_where(Expr::col("ended_at").is_null())
            .take(),
    ]
}

/// `reason` is a JSON string, for the same NUL.
fn quarantine() -> TableCreateStatement {
    Table::create()
        .table("quarantine")
        .col(uuid("deployment").primary_key())
        .col(text("repository"))
        .col(text("tag"))
        .col(text("digest"))
        .col(text("image"))
        .col(text("reason"))
        .col(timestamp_with_time_zone("since"))
        .take()
}

fn events() -> TableCreateStatement {
    Table::create()
        .table("events")
        .col(big_pk_auto("id"))
        .col(timestamp_with_time_zone("at"))
        .col(text("watch"))
        .col(text("kind"))
        .col(text("data"))
        .take()
}

fn sink_cursors() -> TableCreateStatement {
    Table::create()
        .table("sink_cursors")
        .col(key("sink"))
        .col(big_integer("event"))
        .take()
}

fn counters() -> TableCreateStatement {
    Table::create()
        .table("counters")
        .col(key("name"))
        .col(big_integer("value"))
        .take()
}
