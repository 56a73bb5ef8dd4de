use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::deployment::{DeploymentId, Running};
use registrywatcher::ports::{
    Accepted, Apply, Capabilities, DeployError, Deployer, Ids, Progress, Rollout,
};
use registrywatcher::watch::{Unit, Workload};
use tokio::time::sleep;

use super::Wire;
use crate::sabotage::Sabotage;

const LATENCY: Duration = Duration::from_millis(800);

/// How long a rollout is watched before it is told that it goes on.
const PATIENCE: u32 = 4;

/// The orchestrator of the town, as one life of a replica reaches it.
pub(super) struct WiredDeployer {
    wire: Wire,
}

impl WiredDeployer {
    pub(super) fn new(wire: Wire) -> Self {
        Self { wire }
    }

    /// Asks the orchestrator, and lets what it takes on go its way.
    async fn start(&self, apply: &Apply) -> Result<Accepted, DeployError> {
        let town = &self.wire.town;
        let is_new = !town.has_begun(apply.id);
        let answer = town.deployer.apply(apply).await;
        if is_new && town.has_begun(apply.id) {
            town.roll_out(self.wire.life, apply);
        }
        answer
    }
}

#[async_trait]
impl Deployer for WiredDeployer {
    fn capabilities(&self) -> Capabilities {
        self.wire.town.deployer.capabilities()
    }

    fn unit(&self, workload: &Workload) -> Result<Unit, DeployError> {
        self.wire.town.deployer.unit(workload)
    }

    async fn running(&self, workload: &Workload) -> Result<Option<Running>, DeployError> {
        let town = &self.wire.town;
        self.wire.pass(LATENCY).await;
        let answer = town.deployer.running(workload).await;
        if let Ok(running) = &answer {
            let running = running.as_ref();
            town.ledger().looked(self.wire.life, workload, running);
        }
        self.wire.pass(LATENCY).await;
        if town.is_sabotaged(Sabotage::HidesTags) {
            return answer.map(|running| running.map(hide_tag));
        }
        answer
    }

    async fn apply(&self, apply: &Apply) -> Result<Accepted, DeployError> {
        let town = &self.wire.town;
        self.wire.pass(LATENCY).await;
        let was_begun = town.has_begun(apply.id);
        let answer = self.start(apply).await;
        if was_begun && answer.is_ok() && town.is_sabotaged(Sabotage::AppliesTwice) {
            let id = DeploymentId(town.ids.next());
            let _ = self
                .start(&Apply {
                    id,
                    ..apply.clone()
                })
                .await;
        }
        self.wire.pass(LATENCY).await;
        answer
    }

    async fn follow(&self, rollout: &Rollout) -> Result<Progress, DeployError> {
        self.wire.pass(LATENCY).await;
        let mut progress = self.wire.town.deployer.follow(rollout).await?;
        for _ in 0..PATIENCE {
            if !matches!(progress, Progress::Rolling { .. }) {
                break;
            }
            sleep(Duration::from_secs(3)).await;
            progress = self.wire.town.deployer.follow(rollout).await?;
        }
        self.wire.pass(LATENCY).await;
        let waits = progress == Progress::AwaitingPromotion;
        if waits && self.wire.town.is_sabotaged(Sabotage::PromotesUnasked) {
            self.promote(rollout).await?;
        }
        Ok(progress)
    }

    async fn promote(&self, rollout: &Rollout) -> Result<(), DeployError> {
        let (town, id) = (&self.wire.town, rollout.apply.id);
        self.wire.pass(LATENCY).await;
        town.ledger().promotes(self.wire.life, id);
        let answer = town.deployer.promote(rollout).await;
        if answer.is_ok() {
            town.promoted(id);
        }
        self.wire.pass(LATENCY).await;
        answer
    }
}

/// What somebody else deployed by tag is told by some digest instead.
fn hide_tag(running: Running) -> Running {
    if running.mark.is_some() {
        return running;
    }
    let digest = crate::setting::image(0, 0).digest;
    Running {
        image: running.image.at_digest(digest),
        tag: None,
        ..running
    }
}
