//! `config check`: what a configuration means, or all that is wrong with it.

use std::process::ExitCode;

use crate::cli::ConfigFile;
use crate::config::{Environment, Loaded, Sources};
use crate::deployers::Catalogue;
use crate::wiring::check_discovery;

/// Prints the configuration with every default written out and every secret left out; warnings go to standard error.
pub(crate) async fn check(
    file: &ConfigFile,
    catalogue: &Catalogue,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let Loaded { config, warnings } = load(file, environment)?;
    check_discovery(&config, catalogue, environment).await?;
    for warning in warnings {
        eprintln!("warning: {warning}");
    }
    print!("{}", config.to_toml());
    Ok(ExitCode::SUCCESS)
}

/// Reads the configuration from all its sources.
pub(crate) fn load(file: &ConfigFile, environment: &Environment) -> anyhow::Result<Loaded> {
    Ok(Sources::new()
        .file(&file.config)
        .environment(environment.clone())
        .load()?)
}
