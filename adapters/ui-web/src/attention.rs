use registrywatcher::app::{WatchView, WorkloadView};
use registrywatcher::decision::{Decision, HoldReason};
use registrywatcher::deployment::State;

/// Whether a watch stays as it is until somebody does something about it that nobody has chosen.
pub(crate) fn needs_a_person(view: &WatchView) -> bool {
    view.fault.is_some() || view.workloads.iter().any(is_stuck)
}

fn is_stuck(workload: &WorkloadView) -> bool {
    if let Some(deployment) = &workload.in_flight {
        return matches!(deployment.state, State::AwaitingPromotion { .. });
    }
    let decision = workload.decided.as_ref().map(|decided| &decided.decision);
    match decision {
        Some(Decision::Hold(hold)) => hold.reasons.iter().any(HoldReason::needs_a_person),
        Some(Decision::UpToDate { .. }) => workload.failed.is_some(),
        Some(Decision::Deploy(_)) | None => false,
    }
}
