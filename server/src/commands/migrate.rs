//! `migrate`: the store's schema.

use std::process::ExitCode;

use crate::cli::Migrate;
use crate::commands::config::load;
use crate::config::Environment;
use crate::wiring::connect_store;

/// Applies all migrations, or undoes some.
pub(crate) async fn run(args: &Migrate, environment: &Environment) -> anyhow::Result<ExitCode> {
    let config = load(&args.config, environment)?.config;
    let store = connect_store(&config).await?;
    if let Some(steps) = args.down {
        store.migrate_down(steps).await?;
        println!("undid {steps} migrations");
    } else {
        store.migrate().await?;
        println!("the schema is up to date");
    }
    Ok(ExitCode::SUCCESS)
}
