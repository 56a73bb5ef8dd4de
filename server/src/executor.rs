//! Drives deployments to their end.

use std::collections::BTreeMap;
use std::sync::Arc;

use registrywatcher::app::{Advance, App};
use registrywatcher::deployment::DeploymentId;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

/// Drives every deployment that is announced, each in a task of its own, until the channel closes.
///
/// A deployment that is announced while it is driven is interrupted in its waiting, and looked at again.
pub(crate) async fn drive(app: Arc<App>, mut announced: mpsc::UnboundedReceiver<DeploymentId>) {
    let mut driven: BTreeMap<DeploymentId, Arc<Notify>> = BTreeMap::new();
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            Some(ended) = tasks.join_next(), if !tasks.is_empty() => {
                if let Ok(id) = ended {
                    driven.remove(&id);
                }
            }
            id = announced.recv() => {
                let Some(id) = id else { return };
                if let Some(interrupt) = driven.get(&id) {
                    interrupt.notify_one();
                    continue;
                }
                let interrupt = Arc::new(Notify::new());
                driven.insert(id, Arc::clone(&interrupt));
                tasks.spawn(drive_one(Arc::clone(&app), id, interrupt));
            }
        }
    }
}

async fn drive_one(app: Arc<App>, id: DeploymentId, interrupt: Arc<Notify>) -> DeploymentId {
    while let Advance::After(pause) = app.advance(id, interrupt.notified()).await {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = interrupt.notified() => {}
        }
    }
    id
}
