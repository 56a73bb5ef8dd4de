use std::sync::Arc;

use registrywatcher::app::{Wake, Waker};
use registrywatcher::deployment::DeploymentId;
use registrywatcher::image::Repository;
use tokio::sync::{broadcast, mpsc};

/// What the application asks to be attended to, for the [`Background`](super::Background) that does.
#[derive(Debug)]
pub struct Announcements {
    pub(super) deployments: mpsc::UnboundedReceiver<DeploymentId>,
    pub(super) repositories: mpsc::UnboundedReceiver<Repository>,
    /// Told whenever there are new events; in a fixed order where several listen.
    pub(super) news: broadcast::Receiver<()>,
}

/// A waker for [`App::start`](registrywatcher::app::App::start), and where what it is told comes out.
pub fn announcements() -> (Waker, Announcements) {
    let (deployment, deployments) = mpsc::unbounded_channel();
    let (repository, repositories) = mpsc::unbounded_channel();
    let (told, news) = broadcast::channel(1);
    let waker: Waker = Arc::new(move |wake| match wake {
        // A receiver that is gone means that the process is shutting down.
        Wake::Deployment(id) => {
            let _ = deployment.send(id);
        }
        Wake::Repository(name) => {
            let _ = repository.send(name);
        }
        Wake::Events => {
            let _ = told.send(());
        }
    });
    let announcements = Announcements {
        deployments,
        repositories,
        news,
    };
    (waker, announcements)
}
