//! What goes on beside the API: polling, driving deployments, delivering events.

use std::sync::Arc;

use registrywatcher::app::App;
use tokio::task::JoinSet;

use crate::config::PollConfig;
use crate::poller::{self, Pace};
use crate::wiring::Wired;
use crate::{delivery, executor};

/// The tasks beside the API. Dropping them stops polling and leaves rollouts to be resumed by the next start.
#[derive(Debug)]
pub(crate) struct Background {
    _tasks: JoinSet<()>,
}

/// Starts polling, driving and delivering.
pub(crate) fn start(wired: Wired, poll: &PollConfig) -> (Arc<App>, Background) {
    let Wired {
        app,
        deployments,
        news,
        sinks,
    } = wired;
    let mut tasks = JoinSet::new();
    tasks.spawn(executor::drive(Arc::clone(&app), deployments));
    for sink in sinks {
        tasks.spawn(delivery::deliver(Arc::clone(&app), sink, news.clone()));
    }
    tasks.spawn(poller::poll(Arc::clone(&app), pace(poll)));
    (app, Background { _tasks: tasks })
}

fn pace(poll: &PollConfig) -> Pace {
    Pace {
        jitter: f64::from(poll.jitter_percent) / 100.0,
        concurrency: poll.concurrency as usize,
        timeout: poll.timeout,
    }
}
