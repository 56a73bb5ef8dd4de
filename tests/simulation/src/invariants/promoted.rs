use std::collections::BTreeMap;

use registrywatcher::deployment::{Deployment, DeploymentId, State};
use registrywatcher::event::{Event, EventKind};

use crate::ledger::short;

/// I8, of promotions. We promote canaries only after an event was stored that tells who asked for it.
pub(crate) fn promotion_was_told(events: &[Event], id: DeploymentId) -> Result<(), String> {
    let tells = |event: &Event| matches!(&event.kind, EventKind::PromotionAsked { subject, .. } if subject.deployment == id);
    if events.iter().any(tells) {
        return Ok(());
    }
    let id = short(id);
    Err(format!(
        "rollout {id} is promoted, and no event tells who asked for it"
    ))
}

/// I8, of promotions. An event tells that one was asked for only of a deployment that is stored as waiting for it.
pub(crate) fn promotion_is_due(
    deployments: &BTreeMap<DeploymentId, Deployment>,
    id: DeploymentId,
) -> Result<(), String> {
    let state = deployments.get(&id).map(|deployment| &deployment.state);
    match state {
        Some(State::AwaitingPromotion { .. }) => Ok(()),
        other => {
            let state = other.map_or("unknown", State::name);
            let id = short(id);
            Err(format!(
                "it was told that deployment {id} is to be promoted, which is {state}"
            ))
        }
    }
}

/// I8, of canaries. What waited for its promotion succeeds only if the orchestrator was told to go on, by whomever.
pub(crate) fn canaries_are_promoted(
    before: Option<&Deployment>,
    after: &Deployment,
    is_promoted: bool,
) -> Result<(), String> {
    let waited =
        before.is_some_and(|before| matches!(before.state, State::AwaitingPromotion { .. }));
    let has_succeeded = matches!(after.state, State::Succeeded { .. });
    if waited && has_succeeded && !is_promoted {
        let id = short(after.id);
        return Err(format!(
            "deployment {id} succeeded, and nobody promoted its canaries"
        ));
    }
    Ok(())
}
