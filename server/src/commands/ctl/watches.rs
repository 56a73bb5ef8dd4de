use registrywatcher::watch::WatchName;
use registrywatcher_client::types::{
    Intent, Running, RunningState, Target, Watch, WatchList, WatchStatus, Workload,
};

use super::fault::Fault;
use super::service::Service;
use super::show::{image, moment, or_dash, plain};
use crate::cli::ctl::Watches;
use crate::table::Table;

/// How many are asked for at a time.
const PAGE: u64 = 200;

/// Prints a row for each watch.
pub(super) async fn list(service: &Service, args: &Watches) -> Result<(), Fault> {
    let mut watches = Vec::new();
    let mut after = None;
    loop {
        let page = page(service, args, after.as_deref()).await?;
        watches.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let listed = WatchList {
        items: watches,
        next: None,
    };
    service
        .output
        .answer(&listed, |listed| table(&listed.items))
}

/// Has the registry asked now, and prints the row of the watch.
pub(super) async fn check(service: &Service, watch: &WatchName) -> Result<(), Fault> {
    let request = service.client.check_watch().watch(watch.as_str());
    let checked = request.send().await?.into_inner();
    service
        .output
        .answer(&checked, |watch| table(std::slice::from_ref(watch)))
}

fn table(watches: &[Watch]) -> String {
    if watches.is_empty() {
        return "no watch".to_owned();
    }
    let mut table = Table::new(["WATCH", "STATUS", "INTENT", "WANTED", "RUNS", "WHY"]);
    for watch in watches {
        table.row(row(watch));
    }
    table.to_string()
}

async fn page(service: &Service, args: &Watches, after: Option<&str>) -> Result<WatchList, Fault> {
    let mut request = service.client.list_watches().limit(PAGE);
    if let Some(search) = &args.search {
        request = request.search(search.as_str());
    }
    if let Some(status) = args.status {
        request = request.status(status);
    }
    if let Some(after) = after {
        request = request.after(after);
    }
    Ok(request.send().await?.into_inner())
}

fn row(watch: &Watch) -> [String; 6] {
    let mut runs: Vec<String> = watch
        .workloads
        .iter()
        .map(|workload| running(&workload.running))
        .collect();
    runs.dedup();
    [
        watch.name.clone(),
        watch.status.to_string().replace('_', " "),
        intent(&watch.intent),
        image(watch.wanted.tag.as_deref(), watch.wanted.digest.as_deref()),
        runs.join(", "),
        why(watch),
    ]
}

/// What an operator wants.
pub(super) fn intent(intent: &Intent) -> String {
    let is_held = intent.hold.is_some();
    wish(
        intent.target,
        intent.tag.as_deref(),
        intent.auto_deploy,
        is_held,
    )
}

/// What an operator wants, without what goes without saying.
pub(super) fn wish(target: Target, tag: Option<&str>, auto_deploy: bool, is_held: bool) -> String {
    let target = match target {
        Target::Track => "track".to_owned(),
        Target::Pin => format!("pin {}", or_dash(tag)),
        Target::Unrecognized => target.to_string(),
    };
    let manual = if auto_deploy { "" } else { ", auto-deploy off" };
    let hold = if is_held { ", held" } else { "" };
    format!("{target}{manual}{hold}")
}

/// What runs.
pub(super) fn running(running: &Running) -> String {
    match running.state {
        RunningState::Unknown | RunningState::Unrecognized => "?".to_owned(),
        RunningState::Nothing => "nothing".to_owned(),
        RunningState::Image => image(running.tag.as_deref(), running.digest.as_deref()),
    }
}

/// The first thing to know of a watch that does not just go its way.
fn why(watch: &Watch) -> String {
    if let Some(freeze) = watch.freeze_of_all.as_ref().or(watch.freeze.as_ref()) {
        let until = moment(freeze.until);
        return format!("frozen until {until}: {}", plain(&freeze.reason));
    }
    if watch.status == WatchStatus::UpToDate {
        return String::new();
    }
    let fault = watch.listing.fault.as_ref().or(watch.wanted.fault.as_ref());
    let mut workloads = watch.workloads.iter();
    let told = fault.or_else(|| workloads.find_map(of_workload));
    told.map_or_else(String::new, |text| plain(text))
}

fn of_workload(workload: &Workload) -> Option<&String> {
    let failed = workload.failed.as_ref().map(|failed| &failed.reason);
    let decision = workload.decision.as_ref();
    let reason = decision.and_then(|decision| decision.reasons.first());
    let held = reason.map(|reason| &reason.message);
    workload.progress.as_ref().or(failed).or(held)
}
