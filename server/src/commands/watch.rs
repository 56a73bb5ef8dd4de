//! `watch`: a command for each new release, with no configuration file.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use registrywatcher::app::{Advance, App};
use registrywatcher::deployment::State;
use registrywatcher::image::{ImageReference, Repository};
use registrywatcher::ports::DeploymentQuery;
use toml::{Table, Value};

use crate::cli::{Watch, WatchPolicy};
use crate::config::{Config, Environment, Sources};
use crate::deployers::Catalogue;
use crate::shutdown;
use crate::telemetry;
use crate::wiring::{open_store, sharing, store_url, wire};

/// Watches one image until stopped, or with `--once` until one poll and what it leads to have ended.
pub(crate) async fn run(
    args: &Watch,
    catalogue: &Catalogue,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let config = configuration(args, environment)?;
    telemetry::start(&config.log)?;
    let _lock = store_url(&config)?.lock_file().context("store.url")?;
    let store = Arc::new(open_store(&config).await?);
    let wired = wire(&config, catalogue, environment, store, sharing(&config)).await?;
    if args.once {
        wired.app.renew_leases().await?;
        let code = once(&wired.app).await;
        wired.app.hand_back_leases().await?;
        return code;
    }
    let (_, background) = wired.start(&config.poll);
    shutdown::signalled().await;
    background.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Polls once and drives what that leads to. Exits with 1 if the registry could not be asked or the command failed.
async fn once(app: &App) -> anyhow::Result<ExitCode> {
    for (repository, _) in app.repositories() {
        let polled = app.poll(&repository).await;
        if let Some(fault) = polled.fault {
            anyhow::bail!(fault);
        }
    }
    let mut code = ExitCode::SUCCESS;
    for id in app.open_deployments() {
        while let Advance::After(pause) = app.advance(id, std::future::pending()).await {
            tokio::time::sleep(pause).await;
        }
        let query = DeploymentQuery {
            id: Some(id),
            limit: 1,
            ..DeploymentQuery::default()
        };
        let ended = app.deployments(&query).await?.pop();
        if !ended.is_some_and(|deployment| matches!(deployment.state, State::Succeeded { .. })) {
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

/// The configuration that says the same as the arguments; it takes the same way as a file.
fn configuration(args: &Watch, environment: &Environment) -> anyhow::Result<Config> {
    let image: ImageReference = args.image.parse()?;
    let repository = image.repository();
    let store = match &args.store {
        Some(url) => url.clone(),
        None => format!(
            "sqlite://{}",
            state_file(repository, environment)?.display()
        ),
    };
    let name = watch_name(repository);
    let text = |text: &str| Value::String(text.to_owned());
    let command = args.command.iter().map(|argument| text(argument)).collect();
    let deployer = Table::from_iter([
        ("kind".to_owned(), text("exec")),
        ("command".to_owned(), Value::Array(command)),
        ("show_output".to_owned(), Value::Boolean(true)),
    ]);
    let workload = Table::from_iter([("deployer".to_owned(), text("command"))]);
    let mut watch = Table::from_iter([
        ("image".to_owned(), text(&args.image)),
        (
            "interval".to_owned(),
            text(&humantime::format_duration(args.interval).to_string()),
        ),
        ("policy".to_owned(), Value::Table(policy(&args.policy))),
        (
            "workloads".to_owned(),
            Value::Array(vec![Value::Table(workload)]),
        ),
    ]);
    if args.dry_run {
        watch.insert("mode".to_owned(), text("observe"));
    }
    let mut file = Table::from_iter([
        (
            "store".to_owned(),
            Value::Table(Table::from_iter([("url".to_owned(), text(&store))])),
        ),
        (
            "deployers".to_owned(),
            Value::Table(Table::from_iter([(
                "command".to_owned(),
                Value::Table(deployer),
            )])),
        ),
        (
            "watches".to_owned(),
            Value::Table(Table::from_iter([(name, Value::Table(watch))])),
        ),
    ]);
    if args.plain_http {
        let plain = Table::from_iter([("plain_http".to_owned(), Value::Boolean(true))]);
        let host = repository.registry().to_string();
        let registries = Table::from_iter([(host, Value::Table(plain))]);
        file.insert("registries".to_owned(), Value::Table(registries));
    }
    let sources = Sources::new().text("the command line", toml::to_string(&file)?);
    Ok(sources.environment(environment.clone()).load()?.config)
}

fn policy(args: &WatchPolicy) -> Table {
    let (key, value) = match args {
        WatchPolicy { tag: Some(tag), .. } => ("tag", tag.as_str()),
        WatchPolicy { numeric: true, .. } => ("numeric", "asc"),
        WatchPolicy {
            alphabetical: true, ..
        } => ("alphabetical", "asc"),
        WatchPolicy { semver, .. } => ("semver", semver.as_deref().unwrap_or("*")),
    };
    Table::from_iter([(key.to_owned(), Value::String(value.to_owned()))])
}

/// The last component of the path names the watch.
fn watch_name(repository: &Repository) -> String {
    repository
        .path()
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// A file of its own for each repository, in the user's state folder (XDG Base Directory Specification).
fn state_file(repository: &Repository, environment: &Environment) -> anyhow::Result<PathBuf> {
    let folder = environment
        .get("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(environment.get("HOME")?).join(".local/state")))
        .context(
            "neither XDG_STATE_HOME nor HOME is set: say with --store where to keep the state",
        )?
        .join("registrywatcher");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    let name = repository.to_string().replace(['/', ':', '[', ']'], "_");
    Ok(folder.join(format!("{name}.db")))
}
