use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{text, timestamp_with_time_zone};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(sessions()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("sessions").take())
            .await
    }
}

/// Both hashes are in hexadecimal digits. The token is no foreign key: it may be one of the configuration.
fn sessions() -> TableCreateStatement {
    Table::create()
        .table("sessions")
        .col(text("sha256").primary_key())
        .col(text("token_sha256"))
        .col(timestamp_with_time_zone("began_at"))
        .col(timestamp_with_time_zone("last_used_at"))
        .take()
}
