//! Looks for workloads that ask to be watched.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use registrywatcher::app::App;
use registrywatcher::watch::DeployerName;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout};

use crate::measure;

/// How long a deployer may take to say which of its workloads ask to be watched.
const PATIENCE: Duration = Duration::from_secs(30);

/// The same at the start, when polling waits for it.
const PATIENCE_AT_START: Duration = Duration::from_secs(5);

/// A deployer, and when it is asked next.
struct Looking {
    deployer: DeployerName,
    every: Duration,
    due: Instant,
}

/// Asks each deployer at its interval for ever, and tells `looked` once all were asked for the first time.
pub(super) async fn discover(app: Arc<App>, looked: oneshot::Sender<()>) {
    let mut all: Vec<Looking> = app
        .discovering()
        .map(|(deployer, every)| Looking {
            deployer: deployer.clone(),
            every,
            due: Instant::now() + every,
        })
        .collect();
    look(&app, PATIENCE_AT_START).await;
    drop(looked);
    while let Some(next) = all.iter().map(|one| one.due).min() {
        sleep_until(next).await;
        let now = Instant::now();
        let due = all.iter_mut().filter(|one| one.due <= now);
        let asked = due.map(|one| {
            one.due = now + one.every;
            one.deployer.clone()
        });
        ask(&app, asked.collect(), PATIENCE).await;
    }
}

/// Asks every deployer that is to be asked, once and all at the same time.
pub(crate) async fn look(app: &App, patience: Duration) {
    let all = app.discovering().map(|(deployer, _)| deployer.clone());
    ask(app, all.collect(), patience).await;
}

async fn ask(app: &App, deployers: Vec<DeployerName>, patience: Duration) {
    let asked = deployers.into_iter().map(async |deployer| {
        let answer = timeout(patience, app.ask_for_workloads(&deployer)).await;
        let answer = answer.unwrap_or_else(|_| {
            let seconds = patience.as_secs();
            Err(format!(
                "workloads cannot be discovered: there was no answer within {seconds} s"
            ))
        });
        (deployer, answer)
    });
    let answers = join_all(asked).await.into_iter().collect();
    if app.discover(answers).await {
        measure::begin_polls(app);
    }
}
