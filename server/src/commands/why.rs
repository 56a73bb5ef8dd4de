//! `why`: the complete reason for what is decided on one watch.

use std::process::ExitCode;

use anyhow::Context;
use registrywatcher::app::{WatchView, WorkloadView};
use registrywatcher::decision::Decision;
use registrywatcher::intent::Target;
use registrywatcher::watch::WatchName;

use crate::cli::Why;
use crate::commands::check::{PATIENCE, rehearse, runs, wanted};
use crate::commands::config::load;
use crate::config::Environment;
use crate::deployers::Catalogue;
use crate::runtime::look;

/// Polls the watch once and prints what is wanted, what runs, and every gate that is closed.
pub(crate) async fn run(
    args: &Why,
    catalogue: &Catalogue,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let mut config = load(&args.config, environment)?.config;
    let name: WatchName = args.watch.parse()?;
    let is_configured = config.watches.contains_key(&name);
    if is_configured {
        config.watches.retain(|known, _| *known == name);
        let deployers = config.deployers.values_mut();
        deployers.for_each(|deployer| deployer.discover = None);
    }
    let app = rehearse(&config, catalogue, environment).await?;
    look(&app, PATIENCE).await;
    let missing = || format!("there is no watch `{name}`");
    let repository = app.watch(&name).map(|view| view.watch.repository().clone());
    app.poll(&repository.with_context(missing)?).await;
    let view = app.watch(&name).with_context(missing)?;
    print!("{}", explain(&view));
    Ok(ExitCode::SUCCESS)
}

fn explain(view: &WatchView) -> String {
    let mut lines = vec![
        format!("watch     {}", view.watch.name),
        format!("image     {}", view.watch.image),
        format!("policy    {}", view.watch.policy),
        format!("intent    {}", intent(view)),
        format!("tags      {}", tags(view)),
        format!("wanted    {}", wanted(view)),
    ];
    for workload in &view.workloads {
        lines.push(String::new());
        lines.extend(explain_workload(workload));
    }
    lines.join("\n") + "\n"
}

fn intent(view: &WatchView) -> String {
    let target = match &view.intent.target {
        Target::Track => "track".to_owned(),
        Target::Pin(tag) => format!("pinned to {tag}"),
    };
    let auto_deploy = if view.intent.auto_deploy { "on" } else { "off" };
    format!("{target}, auto-deploy {auto_deploy}")
}

fn tags(view: &WatchView) -> String {
    match (&view.tags, &view.fault) {
        (_, Some(fault)) => fault.clone(),
        (Some(tags), None) => {
            let admitted = view.watch.policy.select(tags, None).admitted;
            format!("{} listed, {admitted} admitted by the policy", tags.len())
        }
        (None, None) => "not listed".to_owned(),
    }
}

fn explain_workload(workload: &WorkloadView) -> Vec<String> {
    let mut lines = vec![
        format!("workload  {}", workload.workload),
        format!("runs      {}", runs(&workload.runs)),
    ];
    match workload.decided.as_ref().map(|decided| &decided.decision) {
        None => lines.push("decision  none yet".to_owned()),
        Some(Decision::UpToDate { .. }) => lines.push("decision  up to date".to_owned()),
        Some(Decision::Deploy(deploy)) => {
            lines.push(format!("decision  would deploy {}", deploy.candidate.tag));
            lines.push(format!("because   {}", deploy.cause));
        }
        Some(Decision::Hold(hold)) => {
            lines.push("decision  hold".to_owned());
            lines.extend(hold.cause.iter().map(|cause| format!("wanted as {cause}")));
            lines.extend(
                hold.reasons
                    .iter()
                    .map(|reason| format!("held      {reason}")),
            );
            lines.extend(
                hold.earliest
                    .iter()
                    .map(|at| format!("earliest  {}", at.to_rfc3339())),
            );
        }
    }
    lines
}
