use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{runtime::Handle, sync::watch};

use super::state::{State, Step};
use crate::server::lock;

/// The cluster behind the API: its state, its clockwork, and the bell that wakes blocking queries.
///
/// It goes on while the API is stopped.
#[derive(Debug)]
pub(super) struct Cluster {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
    runtime: Handle,
}

impl Cluster {
    /// Needs a runtime, on which the scheduler's delays are waited for.
    pub(super) fn new(state: State) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(state),
            changes: watch::Sender::new(0),
            runtime: Handle::current(),
        })
    }

    pub(super) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&lock(&self.state))
    }

    /// Changes the state, schedules what follows from it and wakes who waits for a change.
    pub(super) fn update<T>(self: &Arc<Self>, change: impl FnOnce(&mut State) -> T) -> T {
        let (answer, due, changed) = {
            let mut state = lock(&self.state);
            let before = state.epoch();
            let answer = change(&mut state);
            let due = std::mem::take(&mut state.due);
            (answer, due, state.epoch() != before)
        };
        for (after, step) in due {
            self.schedule(after, step);
        }
        if changed {
            self.changes.send_modify(|count| *count += 1);
        }
        answer
    }

    fn schedule(self: &Arc<Self>, after: Duration, step: Step) {
        let cluster = Arc::downgrade(self);
        self.runtime.spawn(async move {
            tokio::time::sleep(after).await;
            if let Some(cluster) = cluster.upgrade() {
                cluster.run(step);
            }
        });
    }

    fn run(self: &Arc<Self>, step: Step) {
        self.update(|state| state.run(step));
    }

    /// Changes the state and brings about at once what follows from it, so that a test begins with a job that runs.
    pub(super) fn update_and_settle<T>(
        self: &Arc<Self>,
        change: impl FnOnce(&mut State) -> T,
    ) -> T {
        self.update(|state| {
            let earlier = std::mem::take(&mut state.due);
            let answer = change(state);
            let mut waiting = Vec::new();
            while let Some((after, step)) = state.due.pop() {
                match step {
                    Step::Deadline { .. } => waiting.push((after, step)),
                    step => state.run(step),
                }
            }
            state.due = earlier;
            state.due.extend(waiting);
            answer
        })
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}
