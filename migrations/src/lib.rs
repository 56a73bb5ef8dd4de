//! Migrations of the schema, the same for SQLite and Postgres.
//!
//! [`up`] and [`down`] are the only ways in, and both hold a lock, so that any number of replicas may start at once.
//! How to add a migration is told in this crate's `README.md`.

mod lock;
mod m20261124_000001_create_tables;
mod m20261124_000002_import_go_service;
mod m20261124_000003_create_tokens;
mod m20261124_000004_create_sessions;

use async_trait::async_trait;
use sea_orm_migration::sea_orm::{DatabaseConnection, DbErr};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// The migrations in their order.
struct Migrator;

#[async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_000001_create_tables::Migration),
            Box::new(m20261124_000002_import_go_service::Migration),
            Box::new(m20261124_000003_create_tokens::Migration),
            Box::new(m20261124_000004_create_sessions::Migration),
        ]
    }
}

/// One migration, and whether a database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Its name.
    pub name: String,
    /// Whether it has been applied.
    pub is_applied: bool,
}

/// Applies what has not been applied yet: all of it, or nothing if anything fails.
///
/// # Errors
///
/// [`DbErr::Custom`] if the database has a migration that this version does not know.
pub async fn up(db: &DatabaseConnection) -> Result<(), DbErr> {
    let transaction = lock::begin(db).await?;
    Migrator::up(&transaction, None).await?;
    transaction.commit().await
}

/// Takes back the last `steps` migrations: all of them, or nothing if anything fails.
///
/// # Errors
///
/// As [`up`].
pub async fn down(db: &DatabaseConnection, steps: u32) -> Result<(), DbErr> {
    let transaction = lock::begin(db).await?;
    Migrator::down(&transaction, Some(steps)).await?;
    transaction.commit().await
}

/// Which migrations a database has, in their order. Changes nothing, and waits for nobody.
///
/// # Errors
///
/// As [`up`].
pub async fn status(db: &DatabaseConnection) -> Result<Vec<Status>, DbErr> {
    let migrations = Migrator::get_migration_with_status_read_only(db).await?;
    let status = migrations.iter().map(|migration| Status {
        name: migration.name().to_owned(),
        is_applied: migration.status() == sea_orm_migration::MigrationStatus::Applied,
    });
    Ok(status.collect())
}
