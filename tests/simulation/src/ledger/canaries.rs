use registrywatcher::deployment::{DeploymentId, State};
use registrywatcher::event::{Event, EventKind};

use super::{Ledger, short};
use crate::invariants::{self, Invariant};

impl Ledger {
    /// A replica tells the orchestrator to promote canaries.
    pub(crate) fn promotes(&mut self, life: usize, id: DeploymentId) {
        self.trace
            .note(|| format!("life {life} promotes rollout {}", short(id)));
        let outcome = invariants::promotion_was_told(&self.events, id);
        self.judge(Invariant::I8, outcome);
    }

    /// The orchestrator lets canaries go on, whoever promoted them.
    pub(crate) fn promoted(&mut self, id: DeploymentId) {
        self.promoted.insert(id);
    }

    /// Whether a deployment waits to be promoted, by what is stored.
    pub(crate) fn awaits_promotion(&self) -> bool {
        let waits = |state: &State| matches!(state, State::AwaitingPromotion { .. });
        let mut deployments = self.deployments.values();
        deployments.any(|deployment| waits(&deployment.state))
    }

    pub(super) fn note_promotion(&mut self, event: &Event) {
        if let EventKind::PromotionAsked { subject, .. } = &event.kind {
            let outcome = invariants::promotion_is_due(&self.deployments, subject.deployment);
            self.judge(Invariant::I8, outcome);
        }
    }
}
