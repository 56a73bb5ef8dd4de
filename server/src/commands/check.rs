//! `check`: one poll of everything, and what would come of it.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use registrywatcher::app::{App, DiscoveryHealth, WatchView, WorkloadView};
use registrywatcher::decision::{Decision, Hold, HoldReason};
use registrywatcher::deployment::{Origin, Runs};
use registrywatcher::ports::{Scope, Snapshot, Store};
use registrywatcher::watch::Mode;
use registrywatcher_memory::MemoryStore;

use crate::cli::ConfigFile;
use crate::commands::config::load;
use crate::config::{Config, Environment};
use crate::deployers::Catalogue;
use crate::runtime::look;
use crate::table::Table;
use crate::wiring::{connect_store, store_url, wire};

/// How long a deployer may take to say which of its workloads ask to be watched.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Polls everything once and prints a row per workload, and then what was found by labels.
///
/// Exits with 0 if nothing is to be done, 2 if something would be deployed, 1 if something could not be asked, or labels are not
/// in order.
pub(crate) async fn run(
    file: &ConfigFile,
    catalogue: &Catalogue,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let config = load(file, environment)?.config;
    let app = rehearse(&config, catalogue, environment).await?;
    look(&app, PATIENCE).await;
    for (repository, _) in app.repositories() {
        app.poll(&repository).await;
    }
    let views = app.watches();
    let mut table = Table::new(["WATCH", "WORKLOAD", "RUNS", "WANTED", "DECISION", "WHY"]);
    for view in &views {
        for workload in &view.workloads {
            table.row(row(view, workload));
        }
    }
    print!("{table}");
    let discovery = app.discovery();
    let faults = print_discovery(&views, discovery.as_deref());
    Ok(exit_code(&views, faults))
}

/// Prints what was found by labels and what cannot be watched, and gives how much of the latter there is.
fn print_discovery(views: &[WatchView], discovery: Option<&[DiscoveryHealth]>) -> usize {
    let Some(discovery) = discovery else {
        return 0;
    };
    let mut table = Table::new(["DISCOVERED", "DEPLOYER", "IMAGE", "POLICY", "MODE"]);
    for view in views.iter().filter(|view| view.discovered) {
        let watch = &view.watch;
        let deployers = watch.workloads.iter().map(|workload| &workload.deployer);
        let mut deployers: Vec<String> = deployers.map(ToString::to_string).collect();
        deployers.dedup();
        table.row([
            watch.name.to_string(),
            deployers.join(", "),
            watch.image.to_string(),
            watch.policy.to_string(),
            match watch.mode {
                Mode::Deploy => "deploy",
                Mode::Observe => "observe",
            }
            .to_owned(),
        ]);
    }
    print!("\n{table}");
    let mut faults = Vec::new();
    for health in discovery {
        let deployer = &health.deployer;
        let unasked = health.fault.iter();
        faults.extend(unasked.map(|fault| format!("{deployer}: {fault}")));
        faults.extend(health.faults.iter().map(ToString::to_string));
    }
    for fault in &faults {
        println!("fault: {fault}");
    }
    faults.len()
}

/// The application over what is stored now, which forgets everything that it would store. Nothing is driven.
pub(crate) async fn rehearse(
    config: &Config,
    catalogue: &Catalogue,
    environment: &Environment,
) -> anyhow::Result<Arc<App>> {
    let store = MemoryStore::from_snapshot(stored(config).await?);
    let wired = wire(config, catalogue, environment, Arc::new(store), None);
    Ok(wired.await?.app)
}

async fn stored(config: &Config) -> anyhow::Result<Snapshot> {
    // Opening a SQLite file that does not exist would make one.
    let is_new = store_url(config)?
        .sqlite_file()
        .is_some_and(|file| !file.exists());
    if is_new {
        return Ok(Snapshot::default());
    }
    let store = connect_store(config).await?;
    store
        .load(&Scope::Everything)
        .await
        .context("cannot read the store; is its schema up to date (`migrate`)?")
}

fn row(view: &WatchView, workload: &WorkloadView) -> [String; 6] {
    let decision = workload.decided.as_ref().map(|decided| &decided.decision);
    let (verdict, why) = match decision {
        None => ("unknown", String::new()),
        Some(Decision::UpToDate { .. }) => ("up to date", String::new()),
        Some(Decision::Deploy(deploy)) => ("would deploy", deploy.cause.to_string()),
        Some(Decision::Hold(hold)) => ("hold", reasons(hold)),
    };
    [
        view.watch.name.to_string(),
        workload.workload.to_string(),
        runs(&workload.runs),
        wanted(view),
        verdict.to_owned(),
        why,
    ]
}

/// What is wanted, as tag and short digest.
pub(crate) fn wanted(view: &WatchView) -> String {
    match (&view.wanted, &view.wanted_image) {
        (Ok(tag), Some(image)) => format!("{tag} {}", image.digest.short()),
        (Ok(tag), None) => tag.to_string(),
        (Err(_), _) => "-".to_owned(),
    }
}

/// What runs, as tag and short digest.
pub(crate) fn runs(runs: &Runs) -> String {
    match runs {
        Runs::Unknown { .. } => "?".to_owned(),
        Runs::Nothing => "-".to_owned(),
        Runs::Something {
            tag, image, origin, ..
        } => {
            let tag = tag.as_ref().map_or("-", |tag| tag.as_str());
            let digest = image.as_ref().map_or("?", |image| image.digest.short());
            let assumed = if *origin == Origin::Assumed {
                " (assumed)"
            } else {
                ""
            };
            format!("{tag} {digest}{assumed}")
        }
    }
}

fn reasons(hold: &Hold) -> String {
    let reasons: Vec<String> = hold.reasons.iter().map(HoldReason::to_string).collect();
    reasons.join("; ")
}

fn exit_code(views: &[WatchView], faults: usize) -> ExitCode {
    let decisions = || {
        views
            .iter()
            .flat_map(|view| &view.workloads)
            .map(|workload| workload.decided.as_ref().map(|decided| &decided.decision))
    };
    let is_error = |decision: Option<&Decision>| match decision {
        None => true,
        Some(Decision::Hold(hold)) => hold.reasons.iter().any(|reason| {
            matches!(
                reason,
                HoldReason::RegistryUnknown { .. } | HoldReason::RunningUnknown { .. }
            )
        }),
        Some(_) => false,
    };
    if faults > 0 || decisions().any(is_error) {
        return ExitCode::from(1);
    }
    if decisions().any(|decision| matches!(decision, Some(Decision::Deploy(_)))) {
        return ExitCode::from(2);
    }
    ExitCode::SUCCESS
}
