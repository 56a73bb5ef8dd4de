use chrono::{DateTime, Utc};

use crate::app::App;
use crate::app::world::World;
use crate::decision;
use crate::deployment::{Cause, Deployment};
use crate::image::same_image;

impl App {
    /// Why `deployment` is not to be applied again after a fault: somebody else deployed meanwhile, as is often the reason why
    /// an orchestrator with a compare-and-swap did not take it.
    pub(super) async fn overtaken(&self, deployment: &Deployment) -> Option<String> {
        let drive = |world: &World| world.drives.get(&deployment.id).map_or(0, |it| it.faults);
        if is_demanded(deployment) || drive(&self.world()) == 0 {
            return None;
        }
        let watched = self.watched();
        let watch = watched.get(&deployment.watch)?;
        let mut workloads = watch.workloads.iter();
        let index = workloads.position(|workload| *workload == deployment.workload)?;
        self.look(watch, index).await;
        let now = self.ports.clock.now();
        let overtaken = self.world().with_facts(watch, index, now, |facts| {
            decision::overtaken(facts, &deployment.candidate)
        });
        Some(format!("somebody else deployed meanwhile: {}", overtaken??))
    }
}

impl World {
    /// Why `deployment`, which was recorded and has not started, is not to start any more: somebody changed what is wanted, or
    /// its image failed elsewhere, since it was decided on.
    ///
    /// It may have waited for its unit, or for a replica that took over from a dead one. What was asked for, and what brings
    /// back what ran before, is not withdrawn.
    pub(super) fn withdrawn(&self, deployment: &Deployment, now: DateTime<Utc>) -> Option<String> {
        if is_demanded(deployment) {
            return None;
        }
        let state = self.states.get(&deployment.watch)?;
        let pinned = state.intent.target.pinned();
        if let Some(pinned) = pinned.filter(|pinned| *pinned != deployment.tag()) {
            return Some(format!("the watch was pinned to {pinned} meanwhile"));
        }
        if !state.intent.auto_deploy {
            return Some("auto-deploy was switched off meanwhile".to_owned());
        }
        let mut quarantine = self.restraints.quarantine.iter();
        let is_bad = quarantine.any(|entry| {
            entry.repository == *deployment.repository()
                && same_image(&entry.candidate.image, deployment.image(), None)
        });
        if is_bad {
            return Some("its image was quarantined meanwhile".to_owned());
        }
        let is_frozen = !self.freezes(state, now).is_empty();
        is_frozen.then(|| "deployments were frozen meanwhile".to_owned())
    }
}

fn is_demanded(deployment: &Deployment) -> bool {
    matches!(
        deployment.cause,
        Cause::Requested { .. } | Cause::Restore { .. }
    )
}
