use registrywatcher::watch::WatchName;
use registrywatcher_client::types::{Freeze, Watch, Workload};

use super::fault::Fault;
use super::service::Service;
use super::show::{image, moment, or_dash, plain};
use super::watches::{intent, running};

/// Prints what is wanted, what runs, and all that keeps the one from becoming the other.
pub(super) async fn explain(service: &Service, watch: &WatchName) -> Result<(), Fault> {
    let request = service.client.get_watch().watch(watch.as_str());
    let watch = request.send().await?.into_inner();
    service.output.answer(&watch, text)
}

fn text(watch: &Watch) -> String {
    let mut lines = of_watch(watch);
    for workload in &watch.workloads {
        lines.push(String::new());
        lines.extend(of_workload(workload));
    }
    lines.join("\n")
}

fn of_watch(watch: &Watch) -> Vec<String> {
    let wanted = &watch.wanted;
    let mut lines = vec![
        format!("watch     {}", watch.name),
        format!("image     {}", plain(&watch.repository)),
        format!("policy    {}", plain(&watch.policy)),
        format!("intent    {}", intent(&watch.intent)),
        format!("tags      {}", tags(watch)),
        format!(
            "wanted    {}",
            wanted.fault.as_deref().map_or_else(
                || image(wanted.tag.as_deref(), wanted.digest.as_deref()),
                plain,
            )
        ),
    ];
    if let Some(hold) = &watch.intent.hold {
        lines.push(format!(
            "hold      {} ({})",
            plain(&hold.reason),
            plain(&hold.by)
        ));
    }
    let freezes = [&watch.freeze, &watch.freeze_of_all];
    lines.extend(freezes.into_iter().flatten().map(frozen));
    lines
}

fn frozen(freeze: &Freeze) -> String {
    let until = moment(freeze.until);
    format!(
        "frozen    until {until}: {} ({})",
        plain(&freeze.reason),
        plain(&freeze.by)
    )
}

fn tags(watch: &Watch) -> String {
    let listing = &watch.listing;
    match (&listing.fault, listing.count) {
        (Some(fault), _) => plain(fault),
        (None, Some(count)) => {
            let at = listing
                .at
                .map_or_else(String::new, |at| format!(" at {}", moment(at)));
            format!("{count} listed{at}")
        }
        (None, None) => "not listed".to_owned(),
    }
}

fn of_workload(workload: &Workload) -> Vec<String> {
    let runs = &workload.running;
    let mut lines = vec![
        format!("workload  {}", plain(&workload.name)),
        format!(
            "runs      {}",
            runs.fault.as_deref().map_or_else(|| running(runs), plain)
        ),
    ];
    lines.extend(
        workload
            .progress
            .iter()
            .map(|text| format!("rollout   {}", plain(text))),
    );
    let Some(decision) = &workload.decision else {
        lines.push("decision  none yet".to_owned());
        return lines;
    };
    lines.push(format!("decision  {}", plain(&decision.message)));
    if let Some(cause) = &decision.cause {
        lines.push(format!(
            "because   {}: {}",
            or_dash(decision.tag.as_deref()),
            plain(&cause.message)
        ));
    }
    let reasons = decision.reasons.iter();
    lines.extend(reasons.map(|reason| format!("held      {}", plain(&reason.message))));
    let earliest = decision.earliest.iter();
    lines.extend(earliest.map(|at| format!("earliest  {}", moment(*at))));
    lines
}
