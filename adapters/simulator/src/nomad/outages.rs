use super::{
    SimulatedNomad,
    deployment::Deployment,
    rules::{Fate, ImageRule},
    state::Table,
};

/// What goes wrong with images and in the cluster.
impl SimulatedNomad {
    /// Lets the driver fail to start every image whose reference contains `pattern`, with `message` as its reason.
    pub fn fail_image(&self, pattern: &str, message: &str) {
        self.add_rule(pattern, Fate::DriverFailure(message.to_owned()));
    }

    /// Lets images start whose checks never pass.
    pub fn unhealthy_image(&self, pattern: &str) {
        self.add_rule(pattern, Fate::Unhealthy);
    }

    /// Lets images start of which nothing is heard any more, so that only the progress deadline ends their deployment.
    pub fn stall_image(&self, pattern: &str) {
        self.add_rule(pattern, Fate::Stalled);
    }

    fn add_rule(&self, pattern: &str, fate: Fate) {
        let pattern = pattern.to_owned();
        let rule = ImageRule { pattern, fate };
        self.cluster.update(|state| state.rules.push(rule));
    }

    /// Lets no node have room for another allocation: evaluations complete with `FailedTGAllocs` and a `BlockedEval`.
    pub fn exhaust_capacity(&self) {
        self.cluster.update(|state| state.full = true);
    }

    /// Makes room, and lets what waits for it be placed.
    pub fn free_capacity(&self) {
        self.cluster.update(|state| {
            state.full = false;
            state.unblock_evaluations();
        });
    }

    /// Forgets ended deployments and evaluations, as the garbage collection does.
    pub fn collect_garbage(&self) {
        self.cluster.update(|state| {
            state.write(&[Table::Deployments, Table::Evaluations]);
            state.deployments.retain(Deployment::is_active);
            let open = ["pending", "blocked"];
            state
                .evaluations
                .retain(|known| open.contains(&known.status));
        });
    }

    /// Lets every index be smaller by `by` from now on, as after a snapshot was restored; queries that block end.
    pub fn restore_snapshot(&self, by: u64) {
        self.cluster.update(|state| {
            state.index_behind += by;
            state.restores += 1;
        });
    }
}
