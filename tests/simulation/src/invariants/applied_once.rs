use std::collections::BTreeMap;

use registrywatcher::deployment::{Cause, Deployment, DeploymentId, State};
use registrywatcher::event::{Event, EventKind};
use registrywatcher::intent::Request;
use registrywatcher::ports::{Apply, WatchState};

use crate::ledger::short;
use crate::model::Model;

/// I8, of intents. What is stored of a watch after each commit is what operators asked for until then, in the order in which
/// it came to pass.
pub(crate) fn intent_is_kept(model: &Model, stored: &WatchState) -> Result<(), String> {
    let wish = model.wish(&stored.name);
    let intent = &stored.intent;
    if intent.target == wish.target && intent.auto_deploy == wish.auto_deploy {
        return Ok(());
    }
    let name = &stored.name;
    Err(format!(
        "operators want {wish:?} of watch {name}, and {intent:?} is stored"
    ))
}

/// I8, of requests. A request for a workload goes only in a commit that records a deployment of that workload which somebody
/// asked for, or that tells that the request was dropped.
pub(crate) fn requests_are_kept(
    before: Option<&WatchState>,
    after: &WatchState,
    recorded: &[&Deployment],
    events: &[Event],
) -> Result<(), String> {
    for request in before.into_iter().flat_map(|before| &before.requests) {
        let is_told = events.iter().any(|event| {
            matches!(&event.kind, EventKind::RequestDropped { request: dropped, .. } if *dropped == request.id)
        });
        let stays = |workload| {
            let is_it = |other: &&Request| other.id == request.id;
            let kept = after.requests.iter().find(is_it);
            kept.is_some_and(|kept| kept.is_pending_for(workload))
        };
        for workload in &request.pending {
            let is_served = recorded.iter().any(|deployment| {
                deployment.workload == *workload
                    && matches!(deployment.cause, Cause::Requested { .. })
            });
            if !is_told && !is_served && !stays(workload) {
                let (author, tag) = (&request.author, &request.candidate.tag);
                return Err(format!(
                    "the request of {author} for {tag} at {workload} was lost"
                ));
            }
        }
    }
    Ok(())
}

/// I8, of events. Each change of a deployment is told by an event of its kind in the same commit.
pub(crate) fn changes_are_told(
    before: Option<&Deployment>,
    after: &Deployment,
    events: &[Event],
) -> Result<(), String> {
    if before.is_some_and(|before| before.state.name() == after.state.name()) {
        return Ok(());
    }
    let kind = match after.state {
        State::Requested => "deployment_created",
        State::Applying { .. } => "deployment_started",
        State::Rolling { .. } => "deployment_accepted",
        State::AwaitingPromotion { .. } => "deployment_awaits_promotion",
        State::Succeeded { .. } => "deployment_succeeded",
        State::Failed { .. } => "deployment_failed",
        State::Superseded { .. } => "deployment_superseded",
        State::Abandoned { .. } => "deployment_abandoned",
    };
    let tells = |event: &&Event| {
        let subject = event.kind.subject();
        event.kind.name() == kind && subject.is_some_and(|subject| subject.deployment == after.id)
    };
    if events.iter().any(|event| tells(&event)) {
        return Ok(());
    }
    Err(format!(
        "no event tells that deployment {} is {}",
        short(after.id),
        after.state.name()
    ))
}

/// I8, of deployments. Each begins as requested, goes on one state at a time, and never changes once it has ended.
pub(crate) fn states_go_forward(
    before: Option<&Deployment>,
    after: &Deployment,
) -> Result<(), String> {
    let from = before.map(|before| before.state.name());
    let to = after.state.name();
    let is_allowed = match from {
        None => to == "requested",
        Some("requested") => matches!(to, "requested" | "applying" | "superseded" | "abandoned"),
        Some("applying") => !matches!(to, "requested" | "awaiting_promotion" | "succeeded"),
        Some("rolling" | "awaiting_promotion") => !matches!(to, "requested" | "applying"),
        Some(_) => before == Some(after),
    };
    if is_allowed {
        return Ok(());
    }
    let from = from.unwrap_or("nothing");
    Err(format!(
        "deployment {} went from {from} to {to}",
        short(after.id)
    ))
}

/// I8, of rollouts. The orchestrator begins a rollout only for a deployment that is stored as being applied, or that an
/// operator gave up while it was, of its image, and only once for each.
pub(crate) fn rollout_is_recorded(
    deployments: &BTreeMap<DeploymentId, Deployment>,
    apply: &Apply,
    is_given_up: bool,
    is_first: bool,
) -> Result<(), String> {
    let id = short(apply.id);
    let Some(deployment) = deployments.get(&apply.id) else {
        return Err(format!(
            "a rollout {id} began that belongs to no deployment"
        ));
    };
    if deployment.candidate != apply.candidate || deployment.workload != apply.workload {
        return Err(format!("the rollout {id} is not of what is recorded"));
    }
    let state = deployment.state.name();
    if state != "applying" && !is_given_up {
        return Err(format!(
            "the rollout {id} began while its deployment was {state}"
        ));
    }
    if !is_first {
        return Err(format!("the rollout {id} began a second time"));
    }
    Ok(())
}
