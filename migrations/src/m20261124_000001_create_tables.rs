use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_pk_auto, boolean, integer, pk_uuid, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid, uuid_null,
};
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: [&str; 11] = [
    "watches",
    "deployments",
    "quarantine",
    "restraints",
    "events",
    "sink_cursors",
    "dead_letters",
    "replicas",
    "leases",
    "configurations",
    "tag_log",
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
        manager.create_table(restraints()).await?;
        let unrestrained = Query::insert()
            .into_table("restraints")
            .columns(["id", "revision"])
            .values_panic([1.into(), 0_i64.into()])
            .take();
        manager.execute(unrestrained).await?;
        manager.create_table(events()).await?;
        let of_watch = Index::create()
            .name("events_of_watch")
            .table("events")
            .col("watch")
            .col("id")
            .take();
        manager.create_index(of_watch).await?;
        manager.create_table(sink_cursors()).await?;
        manager.create_table(dead_letters()).await?;
        manager.create_table(replicas()).await?;
        manager.create_table(leases()).await?;
        manager.create_table(configurations()).await?;
        let backend = manager.get_database_backend();
        manager.create_table(tag_log(backend)).await?;
        let ended = Index::create()
            .name("tag_log_ended")
            .table("tag_log")
            .col("last_seen")
            .and_where(Expr::col("last_seen").is_not_null())
            .take();
        manager.create_index(ended).await
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
        .col(text_null("freeze"))
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
        .col(integer("attempt"))
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

/// One row: the freeze of all watches, and what each change of it and of the quarantine raises.
fn restraints() -> TableCreateStatement {
    Table::create()
        .table("restraints")
        .col(integer("id").primary_key())
        .col(big_integer("revision"))
        .col(text_null("freeze"))
        .take()
}

/// `watch` is null where an event concerns all.
fn events() -> TableCreateStatement {
    Table::create()
        .table("events")
        .col(big_pk_auto("id"))
        .col(timestamp_with_time_zone("at"))
        .col(text_null("watch"))
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

/// `problem` is a JSON string, for the NUL that it may contain.
fn dead_letters() -> TableCreateStatement {
    Table::create()
        .table("dead_letters")
        .col(big_integer("event"))
        .col(text("sink"))
        .col(timestamp_with_time_zone("at"))
        .col(integer("attempts"))
        .col(text("problem"))
        .primary_key(Index::create().col("event").col("sink"))
        .take()
}

/// `expires_at` counts milliseconds by the database's clock, since 1970; also below.
fn replicas() -> TableCreateStatement {
    Table::create()
        .table("replicas")
        .col(pk_uuid("id"))
        .col(big_integer("generation"))
        .col(big_integer("expires_at"))
        .take()
}

fn leases() -> TableCreateStatement {
    Table::create()
        .table("leases")
        .col(key("resource"))
        .col(uuid("replica"))
        .col(big_integer("expires_at"))
        .take()
}

fn configurations() -> TableCreateStatement {
    Table::create()
        .table("configurations")
        .col(big_integer("generation").primary_key())
        .col(text("fingerprint"))
        .take()
}

/// `digest` is empty where a tag was only listed. Tags are in byte order whatever the database's locale.
fn tag_log(backend: DbBackend) -> TableCreateStatement {
    let mut tag = text("tag");
    if backend == DbBackend::Postgres {
        tag.extra("COLLATE \"C\"");
    }
    Table::create()
        .table("tag_log")
        .col(text("repository"))
        .col(tag)
        .col(text("digest"))
        .col(text_null("image"))
        .col(timestamp_with_time_zone("first_seen"))
        .col(timestamp_with_time_zone_null("last_seen"))
        .primary_key(Index::create().col("repository").col("tag").col("digest"))
        .take()
}
