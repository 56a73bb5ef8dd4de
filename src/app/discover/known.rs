use std::collections::BTreeMap;

use crate::app::watched::Watched;
use crate::app::world::{Followed, Live, World};
use crate::watch::{Unit, WatchName, Workload};

impl World {
    /// The workloads that are stored of a watch.
    pub(super) fn workloads_of(&self, name: &WatchName) -> impl Iterator<Item = &Workload> {
        let stored = self.states.get(name).into_iter();
        stored
            .flat_map(|state| &state.workloads)
            .map(|stored| &stored.workload)
    }

    pub(super) fn is_enrolled(&self, name: &WatchName) -> bool {
        let state = self.states.get(name);
        state.is_some_and(|state| state.version > 0 && !state.retired)
    }

    /// The workloads that the configuration names.
    pub(super) fn configured_units(&self, watched: &Watched) -> BTreeMap<Unit, Vec<Workload>> {
        let mut units: BTreeMap<Unit, Vec<Workload>> = BTreeMap::new();
        for watch in watched
            .iter()
            .filter(|watch| watched.is_configured(&watch.name))
        {
            for (workload, live) in watch.workloads.iter().zip(self.live_workloads(watch)) {
                let named = units.entry(live.unit.clone()).or_default();
                named.push(workload.clone());
            }
        }
        units
    }

    /// Makes room for what will be known of the `fresh` ones, and forgets what is not `next`.
    pub(super) fn follow(&mut self, next: &Watched, fresh: Vec<Live>) {
        for mut live in fresh {
            if let Some(before) = self.live.remove(&live.watch.name) {
                live.take_over(before);
            }
            self.live.insert(live.watch.name.clone(), live);
        }
        self.live.retain(|name, _| next.get(name).is_some());
        self.repositories
            .retain(|repository, _| !next.of(repository).is_empty());
        for (repository, _) in next.repositories() {
            if !self.repositories.contains_key(repository) {
                let followed = Followed::default();
                self.repositories.insert(repository.clone(), followed);
            }
        }
    }
}

impl Live {
    /// Keeps what is known of the workloads that it has in common with the watch `before`.
    fn take_over(&mut self, before: Self) {
        let mut known: BTreeMap<&Workload, _> = before
            .watch
            .workloads
            .iter()
            .zip(before.workloads)
            .collect();
        for (workload, live) in self.watch.workloads.iter().zip(&mut self.workloads) {
            if let Some(known) = known.remove(workload) {
                *live = known;
            }
        }
    }
}
