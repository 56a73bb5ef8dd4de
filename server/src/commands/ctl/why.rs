use registrywatcher::watch::WatchName;
use registrywatcher_client::types::{
    Candidate, Candidates, ExplainedWorkload, Explanation, Gate, RejectedTags, Wanted,
};

use super::fault::Fault;
use super::service::Service;
use super::show::{image, moment, or_dash, plain};
use super::watches::{intent, running};

/// How many candidates people are told; JSON has as many as the API tells.
const BEST: usize = 5;

/// Prints what is wanted and why, what runs, and all that keeps the one from becoming the other.
pub(super) async fn explain(service: &Service, watch: &WatchName) -> Result<(), Fault> {
    let request = service.client.get_decision().watch(watch.as_str());
    let explanation = request.send().await?.into_inner();
    service.output.answer(&explanation, text)
}

fn text(explanation: &Explanation) -> String {
    let mut lines = vec![
        format!("watch      {}", plain(&explanation.watch)),
        format!("policy     {}", plain(&explanation.policy)),
        format!("intent     {}", intent(&explanation.intent)),
    ];
    if let Some(hold) = &explanation.intent.hold {
        let (reason, by) = (plain(&hold.reason), plain(&hold.by));
        lines.push(format!("hold       {reason} ({by})"));
    }
    match &explanation.candidates {
        Some(candidates) => lines.extend(of_candidates(candidates)),
        None => lines.push("tags       not listed".to_owned()),
    }
    lines.push(format!("wanted     {}", wanted(&explanation.wanted)));
    for workload in &explanation.workloads {
        lines.push(String::new());
        lines.extend(of_workload(workload));
    }
    lines.join("\n")
}

fn wanted(wanted: &Wanted) -> String {
    match &wanted.fault {
        Some(fault) => plain(fault),
        None => image(wanted.tag.as_deref(), wanted.digest.as_deref()),
    }
}

fn of_candidates(candidates: &Candidates) -> Vec<String> {
    let Candidates {
        admitted, rejected, ..
    } = candidates;
    let at = candidates.listed_at.map(moment);
    let at = at.map_or_else(String::new, |at| format!(", listed at {at}"));
    let mut lines = vec![format!(
        "tags       {admitted} admitted, {rejected} not{at}"
    )];
    lines.extend(candidates.items.iter().take(BEST).map(candidate));
    lines.extend(candidates.rejections.iter().map(rejection));
    lines
}

fn candidate(candidate: &Candidate) -> String {
    let (tag, message) = (plain(&candidate.tag), plain(&candidate.message));
    format!("candidate  {tag}: {message}")
}

fn rejection(rejection: &RejectedTags) -> String {
    let (count, message) = (rejection.count, plain(&rejection.message));
    let tags: Vec<String> = rejection.tags.iter().map(|tag| plain(tag)).collect();
    format!("not        {count}: {message}, such as {}", tags.join(", "))
}

fn of_workload(workload: &ExplainedWorkload) -> Vec<String> {
    let runs = &workload.running;
    let runs = runs.fault.as_deref().map_or_else(|| running(runs), plain);
    let mut lines = vec![
        format!("workload   {}", plain(&workload.name)),
        format!("runs       {runs}"),
    ];
    match &workload.decision {
        None => lines.push("decision   none yet".to_owned()),
        Some(decision) => {
            lines.push(format!("decision   {}", plain(&decision.message)));
            lines.extend(decision.cause.iter().map(|cause| {
                let tag = or_dash(decision.tag.as_deref());
                format!("because    {tag}: {}", plain(&cause.message))
            }));
        }
    }
    lines.extend(workload.gates.iter().filter_map(closed));
    let open = workload.gates.iter().filter(|gate| !gate.closed);
    let open: Vec<String> = open.map(|gate| plain(&gate.name)).collect();
    if !open.is_empty() {
        lines.push(format!("open       {}", open.join(", ")));
    }
    lines.extend(
        workload
            .earliest
            .iter()
            .map(|at| format!("earliest   {}", moment(*at))),
    );
    lines
}

/// What a closed gate says.
fn closed(gate: &Gate) -> Option<String> {
    let name = plain(&gate.name);
    let message = gate.message.as_deref().map_or_else(String::new, plain);
    gate.closed.then(|| format!("closed     {name}: {message}"))
}
