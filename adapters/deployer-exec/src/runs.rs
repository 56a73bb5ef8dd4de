use std::collections::BTreeMap;
use std::sync::Arc;

use registrywatcher::deployment::DeploymentId;
use registrywatcher::ports::Progress;
use registrywatcher::watch::Unit;
use tokio::sync::{oneshot, watch};
use tokio::task::AbortHandle;

use crate::input::Input;
use crate::program::Program;

/// How far a run is; `None` while it runs.
pub(crate) type News = watch::Receiver<Option<Progress>>;

/// The runs of this process, by deployment. Dropped, it ends them all.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    runs: BTreeMap<DeploymentId, Run>,
}

#[derive(Debug)]
struct Run {
    unit: Unit,
    news: News,
    stop: Option<oneshot::Sender<()>>,
    task: AbortHandle,
}

/// How many runs are remembered that have ended.
const MOST_REMEMBERED: usize = 256;

impl Runs {
    /// The run of a deployment, if it is known.
    pub(crate) fn news(&self, id: DeploymentId) -> Option<News> {
        self.runs.get(&id).map(|run| run.news.clone())
    }

    /// Ends a run at once, and forgets it.
    pub(crate) fn kill(&mut self, id: DeploymentId) {
        self.runs.remove(&id);
    }

    /// Starts a run, once those of the same unit that still go on have been stopped.
    pub(crate) fn start(
        &mut self,
        id: DeploymentId,
        unit: Unit,
        program: Arc<Program>,
        input: Input,
    ) -> News {
        self.forget();
        let predecessors = self.stop(&unit);
        let (stop, mut stopped) = oneshot::channel();
        let (teller, news) = watch::channel(None);
        let task = tokio::spawn(async move {
            let progress = tokio::select! {
                biased;
                Ok(()) = &mut stopped => Progress::Superseded,
                () = all_ended(predecessors) => program.run(input, stopped).await,
            };
            teller.send_replace(Some(progress));
        });
        let task = task.abort_handle();
        self.runs.insert(
            id,
            Run {
                unit,
                news: news.clone(),
                stop: Some(stop),
                task,
            },
        );
        news
    }

    /// Tells the runs of `unit` that still go on to stop.
    fn stop(&mut self, unit: &Unit) -> Vec<News> {
        let of_unit = self
            .runs
            .values_mut()
            .filter(|run| run.unit == *unit && !run.has_ended());
        of_unit
            .map(|run| {
                if let Some(stop) = run.stop.take() {
                    // A run that has ended meanwhile needs no telling.
                    let _ = stop.send(());
                }
                run.news.clone()
            })
            .collect()
    }

    /// Makes room by dropping the oldest runs that have ended.
    fn forget(&mut self) {
        while self.runs.len() >= MOST_REMEMBERED {
            let ended = self.runs.iter().find(|(_, run)| run.has_ended());
            let Some(id) = ended.map(|(id, _)| *id) else {
                return;
            };
            self.runs.remove(&id);
        }
    }
}

impl Run {
    fn has_ended(&self) -> bool {
        self.news.borrow().is_some()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn all_ended(runs: Vec<News>) {
    for mut news in runs {
        // A run that went away without an outcome has ended too.
        let _ = news.wait_for(Option::is_some).await;
    }
}
