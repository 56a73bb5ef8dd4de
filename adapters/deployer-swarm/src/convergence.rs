//! How many tasks run what they are to run, counted as Docker's own command line counts them.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::spec::{Mode, Template};
use crate::task::Task;

/// How often a replica may fail, without ever running since, before it is hopeless.
const MOST_FAILURES: usize = 3;

/// How far the tasks of a service are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Convergence {
    /// How many do as they are to.
    pub(crate) done: usize,
    /// How many are to.
    pub(crate) wanted: usize,
    /// Since when the last of them does.
    pub(crate) since: Option<DateTime<Utc>>,
    /// Whether one has failed so often, or is not tried again.
    pub(crate) is_hopeless: bool,
}

impl Convergence {
    /// Counts those of `template` among all `tasks` of a service, on the `nodes` that are up.
    pub(crate) fn count(
        mode: Mode,
        template: Template<'_>,
        tasks: &[Task],
        nodes: &BTreeSet<String>,
    ) -> Self {
        let is_current = |task: &&Task| task.template().is(template);
        let current: Vec<&Task> = tasks.iter().filter(is_current).collect();
        let is_done = |task: &&&Task| {
            if mode.is_job() {
                task.is_complete()
            } else {
                task.runs() && nodes.contains(&task.node)
            }
        };
        let done: Vec<&Task> = current.iter().filter(is_done).copied().collect();
        let places: BTreeSet<Place<'_>> = done.iter().map(|task| Place::of(mode, task)).collect();
        let wanted = match mode {
            Mode::Replicated(count) | Mode::ReplicatedJob(count) => {
                usize::try_from(count).unwrap_or(usize::MAX)
            }
            Mode::Global => fit_nodes(tasks, nodes).len(),
            // Before the first of its tasks is there it is not done.
            Mode::GlobalJob => fit_nodes(current.iter().copied(), nodes)
                .union(&done.iter().map(|task| task.node.as_str()).collect())
                .count()
                .max(1),
        };
        Self {
            done: places.len(),
            wanted,
            since: done.iter().filter_map(|task| task.status.timestamp).max(),
            is_hopeless: is_hopeless(mode, &current, &places),
        }
    }

    pub(crate) fn is_reached(&self) -> bool {
        self.done >= self.wanted
    }
}

/// Where a task belongs: tasks that follow each other up are in the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place<'a> {
    Slot(u64),
    Node(&'a str),
}

impl<'a> Place<'a> {
    fn of(mode: Mode, task: &'a Task) -> Self {
        match mode {
            Mode::Replicated(_) | Mode::ReplicatedJob(_) => Self::Slot(task.slot),
            Mode::Global | Mode::GlobalJob => Self::Node(&task.node),
        }
    }
}

/// The nodes that are up and on which there is to be a task: which nodes are fit for it is known to Swarm alone, and it makes
/// a task for each.
fn fit_nodes<'t>(
    tasks: impl IntoIterator<Item = &'t Task>,
    nodes: &BTreeSet<String>,
) -> BTreeSet<&'t str> {
    let tasks = tasks.into_iter().filter(|task| task.is_wanted());
    let ids = tasks.map(|task| task.node.as_str());
    ids.filter(|node| nodes.contains(*node)).collect()
}

fn is_hopeless(mode: Mode, current: &[&Task], done: &BTreeSet<Place<'_>>) -> bool {
    let mut failures: BTreeMap<Place<'_>, (usize, bool)> = BTreeMap::new();
    for task in current {
        let (failed, is_tried) = failures.entry(Place::of(mode, task)).or_default();
        *failed += usize::from(task.has_failed(mode.is_job()));
        *is_tried |= task.is_wanted();
    }
    failures
        .into_iter()
        .filter(|(place, _)| !done.contains(place))
        .any(|(_, (failed, is_tried))| failed >= MOST_FAILURES || (failed > 0 && !is_tried))
}
