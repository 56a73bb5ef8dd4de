use registrywatcher::deployment::Failure;
use registrywatcher::ports::Progress;

use super::failed;
use crate::wire::{Evaluation, Placement};

/// What an evaluation means while it has placed nothing: it goes on, or it was given up. `None` once it has done its work.
pub(super) fn undecided(evaluation: &Evaluation) -> Option<Progress> {
    let given_up = |what: &str| {
        let message = format!("{what}: {}", evaluation.status_description);
        Some(failed(Failure::Orchestrator { message }))
    };
    match evaluation.status.as_str() {
        "pending" => Some(Progress::Rolling {
            detail: "the scheduler has not looked at the job yet".to_owned(),
        }),
        "failed" if evaluation.next_eval.is_empty() => given_up("the scheduler gave up"),
        "failed" => Some(Progress::Rolling {
            detail: "the scheduler will try again".to_owned(),
        }),
        "canceled" => given_up("the evaluation was canceled"),
        _ => None,
    }
}

/// What could not be placed, and why.
pub(super) fn unplaced(evaluation: &Evaluation) -> Option<String> {
    let groups: Vec<_> = evaluation
        .unplaced
        .iter()
        .map(|(group, placement)| {
            format!("group `{group}` cannot be placed: {}", reasons(placement))
        })
        .collect();
    (!groups.is_empty()).then(|| groups.join("; "))
}

fn reasons(placement: &Placement) -> String {
    if placement.nodes_evaluated == 0 {
        return "no node is eligible".to_owned();
    }
    let filtered = placement
        .constraint_filtered
        .iter()
        .chain(&placement.class_filtered);
    let mut reasons: Vec<_> = filtered
        .map(|(what, nodes)| format!("`{what}` excludes {nodes} nodes"))
        .collect();
    reasons.extend(
        placement
            .dimension_exhausted
            .iter()
            .map(|(what, nodes)| format!("{what} exhausted on {nodes} nodes")),
    );
    reasons.extend(
        placement
            .quota_exhausted
            .iter()
            .map(|quota| format!("quota {quota} exhausted")),
    );
    if reasons.is_empty() {
        reasons.push(format!("{} nodes were tried", placement.nodes_evaluated));
    }
    if placement.coalesced_failures > 0 {
        reasons.push(format!("so for {} more", placement.coalesced_failures));
    }
    reasons.join(", ")
}
