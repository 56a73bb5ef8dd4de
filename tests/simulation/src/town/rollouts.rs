use registrywatcher::deployment::{DeploymentId, Failure};
use registrywatcher::ports::{Apply, Progress};
use tokio::time::sleep;

use super::Town;
use crate::ledger::short;
use crate::setting::{CANARIED, place};

impl Town {
    /// The orchestrator took a rollout on, and decides some time later how it ends; where there are canaries mostly once
    /// somebody promotes them.
    pub(crate) fn roll_out(&self, life: usize, apply: &Apply) {
        self.ledger().rollout_began(life, apply);
        let has_canaries = CANARIED.contains(&place(&apply.workload).as_str());
        if has_canaries && !self.chance.one_in(4) {
            self.wait_at_canaries(apply);
        } else {
            self.decide(apply);
        }
    }

    fn wait_at_canaries(&self, apply: &Apply) {
        let (town, apply) = (self.clone(), apply.clone());
        let takes = self.chance.seconds(1, 30);
        tokio::spawn(async move {
            sleep(takes).await;
            town.trace
                .note(|| format!("the canaries of rollout {} are healthy", short(apply.id)));
            town.deployer.settle(apply.id, Progress::AwaitingPromotion);
            town.state().at_canaries.insert(apply.id, apply);
        });
    }

    /// Canaries were promoted, by us or somebody else: their rollout goes on.
    pub(crate) fn promoted(&self, id: DeploymentId) {
        let apply = self.state().at_canaries.remove(&id);
        if let Some(apply) = apply {
            self.ledger().promoted(id);
            self.decide(&apply);
        }
    }

    /// Somebody else promotes some canaries, past us.
    pub(crate) fn promote_outside(&self) {
        let waiting: Vec<DeploymentId> = self.state().at_canaries.keys().copied().collect();
        let Some(id) = self.chance.pick(&waiting).copied() else {
            return;
        };
        self.trace
            .note(|| format!("somebody else promotes rollout {}", short(id)));
        if self.deployer.promote_outside(id) {
            self.promoted(id);
        }
    }

    fn decide(&self, apply: &Apply) {
        let (town, apply) = (self.clone(), apply.clone());
        let (takes, fate) = (self.chance.seconds(1, 45), self.chance.below(24));
        tokio::spawn(async move {
            sleep(takes).await;
            let Some(progress) = town.outcome(&apply, fate) else {
                return;
            };
            town.trace.note(|| {
                let (id, place) = (short(apply.id), place(&apply.workload));
                format!("rollout {id} at {place} ends: {progress:?}")
            });
            town.deployer.settle(apply.id, progress);
        });
    }

    /// How a rollout ends; `None` if it never does.
    fn outcome(&self, apply: &Apply, fate: usize) -> Option<Progress> {
        let content = self.ledger().model.content(&apply.candidate.image.digest);
        let (is_calm, is_bad) = {
            let state = self.state();
            let is_bad = content.is_some_and(|content| state.bad.contains(&content));
            (state.is_calm, is_bad)
        };
        let restored = fate.is_multiple_of(2);
        let failed = |reason| Some(Progress::Failed { reason, restored });
        match fate {
            _ if is_bad => failed(Failure::Image {
                message: format!("{} is unhealthy", apply.candidate.tag),
            }),
            0..4 if !is_calm => failed(Failure::Orchestrator {
                message: "no node has room".to_owned(),
            }),
            4 if !is_calm => None,
            _ => Some(Progress::Succeeded),
        }
    }
}
