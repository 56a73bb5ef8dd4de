//! The composition root: reads the configuration, joins the adapters to the core, and runs.
//!
//! A binary with deployers of its own is a `main` that calls [`run`] with a larger [`Catalogue`].

mod cli;
mod clock;
mod commands;
pub mod config;
mod deployers;
mod ids;
#[cfg(any(test, feature = "manual"))]
pub mod manual;
mod measure;
pub mod runtime;
mod serving;
mod shutdown;
mod site;
mod table;
mod telemetry;
mod traces;
mod wiring;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use cli::{Cli, Command, ConfigCommand, TokenCommand};
use config::{ConfigError, EXIT_USAGE, Environment, ExposureError};

pub use deployers::{Catalogue, catalogue};

/// Runs what the command line says, with the kinds of deployer in `catalogue`.
///
/// Exits with 64 (`EX_USAGE`) if the command line or the configuration has faults, 1 if something failed.
pub fn run(catalogue: &Catalogue) -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match execute(cli.command, catalogue) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error:#}");
            let is_usage = error.is::<ConfigError>() || error.is::<ExposureError>();
            if is_usage {
                ExitCode::from(EXIT_USAGE)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

fn execute(command: Command, catalogue: &Catalogue) -> anyhow::Result<ExitCode> {
    // One TLS provider for everything, chosen here; reqwest panics without one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let environment = Environment::of_process();
    runtime()?.block_on(async {
        match command {
            Command::Serve(args) => commands::serve::run(&args, catalogue, &environment).await,
            Command::Watch(args) => commands::watch::run(&args, catalogue, &environment).await,
            Command::Check(file) => commands::check::run(&file, catalogue, &environment).await,
            Command::Why(args) => commands::why::run(&args, catalogue, &environment).await,
            Command::Ctl(args) => Ok(commands::ctl::run(&args, &environment).await),
            Command::Token(TokenCommand::New(args)) => {
                commands::token::new(&args, &environment).await
            }
            Command::Token(TokenCommand::List(file)) => {
                commands::token::list(&file, &environment).await
            }
            Command::Token(TokenCommand::Revoke(args)) => {
                commands::token::revoke(&args, &environment).await
            }
            Command::Config(ConfigCommand::Check(file)) => {
                commands::config::check(&file, catalogue, &environment).await
            }
            Command::Migrate(args) => commands::migrate::run(&args, &environment).await,
            Command::Openapi => commands::openapi::run(),
            Command::Demo(args) => commands::demo::run(&args, catalogue).await,
            Command::Healthcheck(args) => commands::healthcheck::run(&args, &environment).await,
        }
    })
}

/// A runtime of one thread.
///
/// What a watcher does is waiting: ten thousand watches a minute are 170 polls a second, of which one core does some ten
/// thousands. A second thread would make each of them cost a third more, for waking each other and sharing an allocator, and
/// a connection that one thread puts back would be missed by the other, which then opens one too many. No step is long
/// enough to keep the others waiting: the longest is the reading of a listing, 0.5 ms for 10,000 tags; `SQLite`, files and
/// names are waited for on threads of their own.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

/// Prints help on standard output, faults on standard error.
fn usage(error: &clap::Error) -> ExitCode {
    drop(error.print());
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(EXIT_USAGE),
    }
}
