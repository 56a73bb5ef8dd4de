use super::App;
use super::commands::CommandError;
use crate::deployment::{DeploymentId, FailedRollout, Quarantined};
use crate::event::EventKind;
use crate::image::same_image;
use crate::intent::Author;
use crate::ports::RestraintChange;
use crate::watch::{Watch, WatchName};

impl App {
    /// The images that a watch does not deploy by itself, oldest first; `None` if it is not configured.
    pub fn quarantine(&self, name: &WatchName) -> Option<Vec<Quarantined>> {
        let watch = self.watch_of(name)?;
        let world = self.world();
        let entries = world.restraints.quarantine.iter();
        Some(
            entries
                .filter(|entry| entry.repository == *watch.repository())
                .cloned()
                .collect(),
        )
    }

    /// How many images `watch` does not deploy by itself.
    pub fn quarantined(&self, watch: &Watch) -> usize {
        let world = self.world();
        let entries = world.restraints.quarantine.iter();
        entries
            .filter(|entry| entry.repository == *watch.repository())
            .count()
    }

    /// Lets the image that `deployment` failed with be deployed again: also to workloads that it was rolled back from.
    pub async fn release_from_quarantine(
        &self,
        name: &WatchName,
        deployment: DeploymentId,
        author: &Author,
    ) -> Result<Quarantined, CommandError> {
        let watch = &self.configured_watch(name)?;
        let released = self
            .transact_for_anyone(name, |world, draft| {
                let entry = world
                    .restraints
                    .quarantine
                    .iter()
                    .find(|entry| {
                        entry.deployment == deployment && entry.repository == *watch.repository()
                    })
                    .ok_or(CommandError::NotQuarantined {
                        watch: name.clone(),
                        deployment,
                    })?;
                let of_image = |other: &&Quarantined| {
                    other.repository == entry.repository
                        && same_image(&other.candidate.image, &entry.candidate.image, None)
                };
                for other in world.restraints.quarantine.iter().filter(of_image) {
                    draft.restrain(RestraintChange::Release(other.deployment));
                }
                for stored in &mut draft.watch().workloads {
                    let is_it = |failed: &FailedRollout| {
                        same_image(&failed.candidate.image, &entry.candidate.image, None)
                    };
                    if stored.failed.as_ref().is_some_and(is_it) {
                        stored.failed = None;
                    }
                }
                draft.tell(EventKind::QuarantineReleased {
                    by: author.clone(),
                    deployment,
                    tag: entry.candidate.tag.clone(),
                    digest: entry.candidate.image.digest.clone(),
                });
                Ok::<_, CommandError>(Some(entry.clone()))
            })
            .await?;
        self.reconcile_or_log(name).await;
        released.ok_or(CommandError::NotQuarantined {
            watch: name.clone(),
            deployment,
        })
    }
}
