//! Drives deployments to their end.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;

use registrywatcher::app::{Advance, App};
use registrywatcher::deployment::DeploymentId;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{Id, JoinSet};
use tokio::time::sleep;

use super::background::stopped;

/// Drives deployments, each in a task of its own.
pub(super) struct Executor {
    app: Arc<App>,
    /// Told whenever this replica may hold other leases than before.
    renewals: broadcast::Receiver<()>,
    driven: BTreeMap<DeploymentId, Driven>,
    tasks: JoinSet<()>,
}

/// A deployment that some task drives.
struct Driven {
    task: Id,
    interrupt: Arc<Notify>,
    /// It was announced since the task began, which may have looked at it for the last time before that.
    again: bool,
}

impl Executor {
    pub(super) fn new(app: Arc<App>, renewals: broadcast::Receiver<()>) -> Self {
        Self {
            app,
            renewals,
            driven: BTreeMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Drives what had not ended when the process last stopped, and every deployment that is announced from now on.
    pub(super) async fn drive(
        mut self,
        mut announced: mpsc::UnboundedReceiver<DeploymentId>,
        mut stopping: watch::Receiver<bool>,
    ) {
        for id in self.app.open_deployments() {
            self.attend(id);
        }
        loop {
            tokio::select! {
                biased;
                () = stopped(&mut stopping) => return self.tasks.shutdown().await,
                Some(ended) = self.tasks.join_next_with_id() => {
                    // A task that panicked was reported by the runtime; its deployment can be announced again all the same.
                    let task = ended.map_or_else(|error| error.id(), |(task, ())| task);
                    self.end(task);
                }
                Some(id) = announced.recv() => self.attend(id),
            }
        }
    }

    /// A deployment that is announced while it is driven is interrupted in its waiting, and looked at again.
    fn attend(&mut self, id: DeploymentId) {
        if let Some(driven) = self.driven.get_mut(&id) {
            driven.again = true;
            driven.interrupt.notify_one();
            return;
        }
        let interrupt = Arc::new(Notify::new());
        let driving = Driving {
            app: Arc::clone(&self.app),
            id,
            interrupt: Arc::clone(&interrupt),
        };
        let task = self
            .tasks
            .spawn(driving.under_lease(self.renewals.resubscribe()));
        let driven = Driven {
            task: task.id(),
            interrupt,
            again: false,
        };
        self.driven.insert(id, driven);
    }

    /// What was announced while its task ended is attended to anew.
    fn end(&mut self, task: Id) {
        let mut ended = self.driven.iter().filter(|(_, driven)| driven.task == task);
        let Some((&id, driven)) = ended.next() else {
            return;
        };
        let again = driven.again;
        self.driven.remove(&id);
        if again {
            self.attend(id);
        }
    }
}

/// One deployment being driven.
struct Driving {
    app: Arc<App>,
    id: DeploymentId,
    interrupt: Arc<Notify>,
}

impl Driving {
    async fn to_its_end(&self) {
        while let Advance::After(pause) = self.app.advance(self.id, self.interrupt.notified()).await
        {
            tokio::select! {
                biased;
                () = self.interrupt.notified() => {}
                () = sleep(pause) => {}
            }
        }
    }

    /// Drives it while this replica may. Another one then goes on from what is stored.
    async fn under_lease(self, renewals: broadcast::Receiver<()>) {
        if self.is_lost() {
            return;
        }
        self.until_lost(renewals).await;
        if self.is_lost() {
            self.app.let_go(self.id).await;
        }
    }

    /// Once the lease is lost the attempt is dropped, wherever it is. It also ends by itself if the store says so.
    async fn until_lost(&self, mut renewals: broadcast::Receiver<()>) {
        let mut driving = pin!(self.to_its_end());
        loop {
            let left = self.app.may_drive_for(self.id);
            if left.is_some_and(|left| left.is_zero()) {
                return;
            }
            tokio::select! {
                biased;
                () = &mut driving => return,
                Ok(()) | Err(RecvError::Lagged(_)) = renewals.recv() => {}
                () = sleep(left.unwrap_or_default()), if left.is_some() => {}
            }
        }
    }

    fn is_lost(&self) -> bool {
        let left = self.app.may_drive_for(self.id);
        left.is_some_and(|left| left.is_zero())
    }
}
