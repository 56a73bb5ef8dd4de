use serde_json::Value;

use super::{SimulatedNomad, job, key, register::Registration, state::Edit};

/// What other people do to jobs.
impl SimulatedNomad {
    /// Registers a changed job as `nomad job run` of a changed file would: a new version, in which every meta of ours
    /// (`registrywatcher_…`) is gone. Returns its version, or `None` where there is no such job.
    pub fn edit(&self, id: &str, change: impl FnOnce(&mut Value)) -> Option<u64> {
        self.cluster.update(|state| state.edit(&key(id), change))
    }

    /// Registers the job as it is here and changed, as Nomad's pages do: a new version, in which our meta stays.
    pub fn amend(&self, id: &str, change: impl FnOnce(&mut Value)) -> Option<u64> {
        self.cluster.update(|state| state.amend(&key(id), change))
    }

    /// Lets somebody else edit the job between a client's read and its next registration.
    pub fn edit_before_next_register(
        &self,
        id: &str,
        change: impl FnOnce(&mut Value) + Send + 'static,
    ) {
        let waiting = (key(id), Box::new(change) as Edit);
        self.cluster
            .update(|state| state.edits_before_register.push(waiting));
    }

    /// Changes a group's count, as the autoscaler does: a new version, and no deployment.
    pub fn scale(&self, id: &str, group: &str, count: u64) {
        let key = key(id);
        self.cluster.update(|state| {
            let Some(mut job) = state.job(&key).cloned() else {
                return;
            };
            let mut groups = job::groups_mut(&mut job);
            if let Some(group) = groups.find(|known| job::name(known) == group) {
                group["Count"] = count.into();
            }
            drop(groups);
            let registration = Registration {
                job,
                enforce_index: None,
                preserve_counts: false,
            };
            let _ = state.register(&key, registration);
        });
    }

    /// Stops a job; it stays, and is dead.
    pub fn stop_job(&self, id: &str) {
        self.cluster
            .update(|state| state.deregister(&key(id), false));
    }

    /// Removes a job as if it had never been.
    pub fn purge_job(&self, id: &str) {
        self.cluster
            .update(|state| state.deregister(&key(id), true));
    }
}
