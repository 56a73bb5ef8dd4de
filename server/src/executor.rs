//! Drives deployments to their end.

use std::collections::BTreeMap;
use std::sync::Arc;

use registrywatcher::app::{Advance, App};
use registrywatcher::deployment::DeploymentId;
use tokio::sync::{Notify, mpsc};
use tokio::task::{Id, JoinSet};

/// Drives every deployment that is announced, each in a task of its own, until the channel closes.
///
/// A deployment that is announced while it is driven is interrupted in its waiting, and looked at again.
pub(crate) async fn drive(app: Arc<App>, mut announced: mpsc::UnboundedReceiver<DeploymentId>) {
    let mut driven: BTreeMap<DeploymentId, (Id, Arc<Notify>)> = BTreeMap::new();
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            Some(ended) = tasks.join_next_with_id() => {
                // A task that panicked was reported by the runtime; its deployment can be announced again all the same.
                let task = ended.map_or_else(|error| error.id(), |(task, ())| task);
                driven.retain(|_, (driver, _)| *driver != task);
            }
            id = announced.recv() => {
                let Some(id) = id else { return };
                if let Some((_, interrupt)) = driven.get(&id) {
                    interrupt.notify_one();
                    continue;
                }
                let interrupt = Arc::new(Notify::new());
                let task = tasks.spawn(drive_one(Arc::clone(&app), id, Arc::clone(&interrupt)));
                driven.insert(id, (task.id(), interrupt));
            }
        }
    }
}

async fn drive_one(app: Arc<App>, id: DeploymentId, interrupt: Arc<Notify>) {
    while let Advance::After(pause) = app.advance(id, interrupt.notified()).await {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = interrupt.notified() => {}
        }
    }
}
