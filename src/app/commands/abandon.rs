use super::CommandError;
use crate::app::roll_out::End;
use crate::app::transact::Draft;
use crate::app::{App, Wake};
use crate::deployment::{Deployment, DeploymentId};
use crate::intent::{Author, OperatorHold};
use crate::watch::Watch;

impl App {
    /// Gives a deployment up, whatever becomes of it at the orchestrator, which is left alone. What would be deployed by
    /// itself again is held until something newer appears.
    pub async fn abandon(
        &self,
        id: DeploymentId,
        reason: &str,
        author: &Author,
    ) -> Result<Deployment, CommandError> {
        let unknown = CommandError::UnknownDeployment { deployment: id };
        let stored = self.deployment(id).await?.ok_or(unknown)?;
        if !stored.state.is_terminal() && !self.world().open.contains_key(&id) {
            // Another replica has just made it.
            self.world().distrust(Some(&stored.watch));
        }
        let end = End::Abandoned {
            reason: reason.to_owned(),
            by: Some(author.clone()),
        };
        let now = self.ports.clock.now();
        let ended = self
            .transact_for_anyone(&stored.watch, |world, draft| {
                let Some(open) = world.open.get(&id).cloned() else {
                    return Ok::<_, CommandError>(None);
                };
                let Ok(ended) = open.advance(|state| end.clone().enter(state, now, None)) else {
                    return Ok(None);
                };
                end.consequences(&ended, draft, now);
                if let Some(watch) = self.watch_of(&ended.watch) {
                    hold_back(&watch, &ended, reason, author, draft);
                }
                draft.step.deployments.push(ended.clone());
                Ok(Some(ended))
            })
            .await?
            .ok_or(CommandError::Ended { deployment: id })?;
        self.stop_driving(&ended).await;
        self.after_end(&ended).await;
        Ok(ended)
    }

    /// Stops what this process does for a deployment that others ended.
    pub(in crate::app) async fn stop_driving(&self, ended: &Deployment) {
        self.wake(Wake::Deployment(ended.id));
        self.let_go_of(ended).await;
    }

    /// Stops what runs in this process for a deployment that has ended.
    pub(in crate::app) async fn let_go_of(&self, ended: &Deployment) {
        if let Some(deployer) = self.ports.deployers.get(&ended.workload.deployer) {
            deployer.let_go(ended.id).await;
        }
    }
}

/// Lets only something newer than what was given up be deployed by itself. What was asked for beside what is wanted brought
/// about a hold already.
fn hold_back(
    watch: &Watch,
    given_up: &Deployment,
    reason: &str,
    author: &Author,
    draft: &mut Draft,
) {
    let at = draft.at();
    let intent = &mut draft.watch().intent;
    let holds_it =
        |hold: &OperatorHold| !hold.is_lifted_by(&given_up.candidate, &watch.policy, None);
    if intent.hold.as_ref().is_some_and(holds_it) {
        return;
    }
    intent.hold = Some(OperatorHold {
        past: Some(given_up.candidate.clone()),
        by: author.clone(),
        reason: format!("{} was given up: {reason}", given_up.tag()),
        since: at,
    });
    intent.revision += 1;
}
