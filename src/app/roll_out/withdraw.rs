use chrono::{DateTime, Utc};

use crate::app::world::World;
use crate::deployment::{Cause, Deployment};
use crate::image::same_image;

impl World {
    /// Why `deployment`, which was recorded and has not started, is not to start any more: somebody changed what is wanted, or
    /// its image failed elsewhere, since it was decided on.
    ///
    /// It may have waited for its unit, or for a replica that took over from a dead one. What was asked for, and what brings
    /// back what ran before, is not withdrawn.
    pub(super) fn withdrawn(&self, deployment: &Deployment, now: DateTime<Utc>) -> Option<String> {
        if matches!(
            deployment.cause,
            Cause::Requested { .. } | Cause::Restore { .. }
        ) {
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
