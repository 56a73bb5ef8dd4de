use std::sync::Arc;

use registrywatcher::app::{Wake, Waker};
use registrywatcher::deployment::DeploymentId;
use registrywatcher::image::Repository;
use tokio::sync::{broadcast, mpsc};

/// What the application asks to be attended to, for the [`Background`](super::Background) that does.
#[derive(Debug)]
pub struct Announcements {
    pub(super) deployments: mpsc::UnboundedReceiver<DeploymentId>,
    pub(super) polls: mpsc::UnboundedReceiver<PollNews>,
    /// Told whenever there are new events; in a fixed order where several listen.
    pub(super) news: broadcast::Receiver<()>,
}

/// What the poller is told.
#[derive(Debug)]
pub(super) enum PollNews {
    /// This repository is to be polled now.
    Now(Repository),
    /// Other repositories are to be polled than before.
    Others,
}

/// A waker for [`App::start`](registrywatcher::app::App::start), and where what it is told comes out.
pub fn announcements() -> (Waker, Announcements) {
    let (deployment, deployments) = mpsc::unbounded_channel();
    let (poll, polls) = mpsc::unbounded_channel();
    let (told, news) = broadcast::channel(1);
    let waker: Waker = Arc::new(move |wake| match wake {
        // A receiver that is gone means that the process is shutting down.
        Wake::Deployment(id) => {
            let _ = deployment.send(id);
        }
        Wake::Repository(name) => {
            let _ = poll.send(PollNews::Now(name));
        }
        Wake::Repositories => {
            let _ = poll.send(PollNews::Others);
        }
        Wake::Events => {
            let _ = told.send(());
        }
    });
    let announcements = Announcements {
        deployments,
        polls,
        news,
    };
    (waker, announcements)
}
