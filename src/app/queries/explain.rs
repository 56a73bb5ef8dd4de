use crate::app::App;
use crate::decision::{Gate, gates};
use crate::image::Tag;
use crate::policy::Selection;
use crate::watch::WatchName;

use super::WatchView;

/// Why a watch does what it does.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// All that is known of the watch, with what was decided.
    pub view: WatchView,
    /// What its policy picks from the tags that were last listed, whether or not it is pinned; `None` if none were.
    pub selection: Option<Selection>,
    /// The best of the tags that its policy admits, best first.
    pub candidates: Vec<Tag>,
    /// The gates of each workload as they stand now, in the order of the workloads; none where nothing could be deployed.
    pub gates: Vec<Vec<Gate>>,
}

impl App {
    /// Why a watch does what it does, with at most `candidates` tags; `None` if it is not configured.
    pub fn explain(&self, name: &WatchName, candidates: usize) -> Option<Explanation> {
        let watched = self.watched();
        let watch = watched.get(name)?;
        let now = self.ports.clock.now();
        let (view, last, gates) = {
            let world = self.world();
            let view = self.view(&world, &watched, watch)?;
            let last = world.states.get(name)?.last_deployed().cloned();
            let of_workload = |index| world.with_facts(watch, index, now, gates);
            let indices = 0..watch.workloads.len();
            let gates = indices.map(|index| of_workload(index).unwrap_or_default());
            (view, last, gates.collect())
        };
        // Not while the world is locked: there may be very many tags.
        let (tags, last) = (view.tags.as_ref(), last.as_ref());
        Some(Explanation {
            selection: tags.map(|tags| watch.policy.select(tags, last)),
            candidates: tags
                .map_or_else(Vec::new, |tags| watch.policy.best(tags, last, candidates)),
            gates,
            view,
        })
    }
}
