use std::time::Duration;

use super::end::End;
use super::{BETWEEN_LOOKS, BETWEEN_STARTS};
use crate::app::App;
use crate::deployment::{Deployment, State};
use crate::event::EventKind;
use crate::ports::{DeployError, Progress, StoreError};

impl App {
    /// Takes what a deployer says of a rollout.
    pub(super) async fn judge(
        &self,
        deployment: &Deployment,
        progress: Result<Progress, DeployError>,
    ) -> Result<Option<Duration>, StoreError> {
        let progress = match progress {
            Ok(progress) => progress,
            Err(error) if error.is_transient() => {
                tracing::warn!(watch.name = %deployment.watch, deployment.id = %deployment.id, "{error}");
                return Ok(Some(
                    self.note_fault(deployment.id, Some(error.to_string())),
                ));
            }
            Err(error) => return self.end(deployment, End::failed_by(&error)).await,
        };
        self.clear_faults(deployment.id);
        match progress {
            Progress::Rolling { detail } => {
                self.world().drives.entry(deployment.id).or_default().detail = Some(detail);
                self.note_promotion(deployment, false).await?;
                Ok(Some(BETWEEN_LOOKS))
            }
            Progress::AwaitingPromotion => {
                self.note_promotion(deployment, true).await?;
                Ok(Some(BETWEEN_STARTS))
            }
            Progress::Succeeded => self.end(deployment, End::Succeeded).await,
            Progress::Failed { reason, restored } => {
                self.end(deployment, End::Failed { reason, restored }).await
            }
            Progress::Superseded => self.end(deployment, End::Superseded).await,
        }
    }

    /// Enters or leaves the state of waiting for a promotion, if the rollout did.
    async fn note_promotion(
        &self,
        deployment: &Deployment,
        awaits: bool,
    ) -> Result<(), StoreError> {
        let now = self.ports.clock.now();
        match (&deployment.state, awaits) {
            (State::Rolling { .. }, true) => {
                self.save(
                    deployment,
                    |old| old.advance(|state| state.await_promotion(now)),
                    |subject| EventKind::DeploymentAwaitsPromotion { subject },
                )
                .await
            }
            (State::AwaitingPromotion { .. }, false) => {
                self.save(
                    deployment,
                    |old| old.advance(|state| state.promote(now)),
                    |subject| EventKind::DeploymentAccepted { subject },
                )
                .await
            }
            _ => Ok(()),
        }
    }
}
