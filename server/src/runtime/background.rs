use std::sync::Arc;

use registrywatcher::app::App;
use tokio::sync::{broadcast, oneshot, watch};
use tokio::task::JoinSet;

use super::{Announcements, Pace, delivery, discovery, executor, housekeeping, poller, sharing};

/// The tasks beside the API. Dropping them stops everything at once, as a crash would; rollouts are resumed by whoever
/// starts next.
#[derive(Debug)]
pub struct Background {
    app: Arc<App>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Background {
    /// Starts looking for workloads, polling, driving what had not ended, delivering to `sinks`, and keeping leases where replicas share the work.
    pub fn start(
        app: Arc<App>,
        sinks: impl IntoIterator<Item = String>,
        announcements: Announcements,
        pace: Pace,
    ) -> Self {
        let Announcements {
            deployments,
            polls,
            news,
        } = announcements;
        let (stop, stopping) = watch::channel(false);
        let (renewed, renewals) = broadcast::channel(1);
        let mut tasks = JoinSet::new();
        let executor = executor::Executor::new(Arc::clone(&app), renewals);
        tasks.spawn(executor.drive(deployments, stopping.clone()));
        for sink in sinks {
            let stopping = stopping.clone();
            let delivery = delivery::deliver(Arc::clone(&app), sink, news.resubscribe());
            tasks.spawn(until(stopping, delivery));
        }
        let (looked, first_look) = oneshot::channel();
        let discovering = discovery::discover(Arc::clone(&app), looked);
        tasks.spawn(until(stopping.clone(), discovering));
        let (watching, until_stopped) = (Arc::clone(&app), stopping.clone());
        tasks.spawn(async move {
            // What is found at the start is polled with the rest.
            until(until_stopped.clone(), async { drop(first_look.await) }).await;
            let poller = poller::Poller::new(watching, pace);
            poller.poll(polls, until_stopped).await;
        });
        let renewing = sharing::renew_leases(Arc::clone(&app), renewed);
        tasks.spawn(until(stopping.clone(), renewing));
        let following = sharing::follow_changes(Arc::clone(&app));
        tasks.spawn(until(stopping.clone(), following));
        let pruning = housekeeping::prune_tag_log(Arc::clone(&app));
        tasks.spawn(until(stopping, pruning));
        Self { app, stop, tasks }
    }

    /// Stops everything, and then hands back what this replica attends to, so that others need not wait for it.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        // Nothing may be driven any more by the time that another replica does.
        while self.tasks.join_next().await.is_some() {}
        if self.app.lease_interval().is_none() {
            return;
        }
        for id in self.app.open_deployments() {
            if self
                .app
                .may_drive_for(id)
                .is_some_and(|left| !left.is_zero())
            {
                self.app.let_go(id).await;
            }
        }
        if let Err(error) = self.app.hand_back_leases().await {
            tracing::warn!("the leases run out by themselves, they cannot be handed back: {error}");
        }
    }
}

/// Runs `work` until it ends or everything is to stop.
async fn until(mut stopping: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        biased;
        () = stopped(&mut stopping) => {}
        () = work => {}
    }
}

/// Returns when everything is to stop.
pub(super) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // A sender that is gone means that it is too late for anything else.
    let _ = stopping.wait_for(|stop| *stop).await;
}
