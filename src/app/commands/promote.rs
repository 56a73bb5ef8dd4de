use super::CommandError;
use crate::app::roll_out::apply_of;
use crate::app::{App, Wake};
use crate::deployment::{Deployment, DeploymentId, State};
use crate::event::EventKind;
use crate::intent::Author;
use crate::ports::{DeployError, Rollout};

impl App {
    /// Lets a deployment go on whose canaries are healthy. Any replica can: the orchestrator keeps what is promoted, and who
    /// drives the deployment sees it there.
    pub async fn promote(
        &self,
        id: DeploymentId,
        author: &Author,
    ) -> Result<Deployment, CommandError> {
        let unknown = CommandError::UnknownDeployment { deployment: id };
        let found = self.deployment(id).await?.ok_or(unknown)?;
        let State::AwaitingPromotion { handle, .. } = &found.state else {
            return Err(CommandError::NotAwaitingPromotion { deployment: id });
        };
        let rollout = Rollout {
            apply: apply_of(&found),
            handle: handle.clone(),
        };
        let missing = || CommandError::CannotPromote {
            problem: format!("there is no deployer `{}`", found.workload.deployer),
        };
        let deployer = self.ports.deployers.get(&found.workload.deployer);
        let deployer = deployer.ok_or_else(missing)?;
        if self.world().open.get(&id) != Some(&found) {
            // Another replica brought it so far.
            self.world().distrust(Some(&found.watch));
        }
        // Before it is done, so that nobody promotes unseen; and only what has not ended since it was read.
        let asked = EventKind::PromotionAsked {
            subject: found.subject(),
            by: author.clone(),
        };
        self.transact_for_anyone(&found.watch, |world, draft| {
            let open = world.open.get(&id).map(|open| &open.state);
            Ok::<_, CommandError>(match open {
                Some(State::AwaitingPromotion { .. }) => {
                    draft.tell(asked.clone());
                    Some(())
                }
                _ => None,
            })
        })
        .await?
        .ok_or(CommandError::NotAwaitingPromotion { deployment: id })?;
        deployer.promote(&rollout).await?;
        self.wake(Wake::Deployment(id));
        Ok(found)
    }
}

impl From<DeployError> for CommandError {
    fn from(error: DeployError) -> Self {
        let problem = error.to_string();
        if error.is_transient() {
            Self::OrchestratorUnavailable { problem }
        } else {
            Self::CannotPromote { problem }
        }
    }
}
