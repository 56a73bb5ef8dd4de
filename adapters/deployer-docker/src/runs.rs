use std::collections::BTreeMap;

use registrywatcher::deployment::DeploymentId;
use registrywatcher::ports::Progress;
use registrywatcher::watch::Unit;
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// What is told of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// It goes on; what it does.
    Working(String),
    /// It is decided.
    Ended(Progress),
    /// It cannot go on now, and can be taken up again; why.
    Lost(String),
}

impl News {
    pub(crate) fn is_over(&self) -> bool {
        !matches!(self, Self::Working(_))
    }
}

/// What a run is given to tell and to hear.
#[derive(Debug)]
pub(crate) struct Line {
    tell: watch::Sender<News>,
    stop: watch::Receiver<bool>,
}

impl Line {
    pub(crate) fn say(&self, what: impl Into<String>) {
        self.tell.send_replace(News::Working(what.into()));
    }

    /// Returns once the run is told to stop.
    pub(crate) async fn stopped(&self) {
        if self.stop.clone().wait_for(|stop| *stop).await.is_err() {
            // Nobody can tell it any more.
            std::future::pending::<()>().await;
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }
}

/// The runs of this process, by deployment. Dropped, it ends them where they are, as a crash would.
#[derive(Debug, Default)]
pub(crate) struct Runs(BTreeMap<DeploymentId, Run>);

#[derive(Debug)]
struct Run {
    unit: Unit,
    news: watch::Receiver<News>,
    stop: watch::Sender<bool>,
    task: AbortHandle,
}

/// How many runs are remembered that have ended.
const MOST_REMEMBERED: usize = 256;

impl Runs {
    /// The run of a deployment: the one that goes on or has ended, or else a new one, which begins once those of the same unit
    /// have stopped.
    pub(crate) fn join<F, T>(
        &mut self,
        id: DeploymentId,
        unit: Unit,
        work: F,
    ) -> watch::Receiver<News>
    where
        F: FnOnce(Line) -> T + Send + 'static,
        T: Future<Output = News> + Send,
    {
        if let Some(run) = self.0.get(&id).filter(|run| run.can_be_joined()) {
            return run.news.clone();
        }
        self.forget();
        let predecessors = self.stop_unit(&unit);
        let (tell, news) = watch::channel(News::Working("it begins".to_owned()));
        let (stop, told_to_stop) = watch::channel(false);
        let line = Line {
            tell: tell.clone(),
            stop: told_to_stop,
        };
        let task = tokio::spawn(async move {
            for mut predecessor in predecessors {
                // A run that went away without a word has ended too.
                let _ = predecessor.wait_for(News::is_over).await;
            }
            let last = work(line).await;
            tell.send_replace(last);
        });
        let run = Run {
            unit,
            news: news.clone(),
            stop,
            task: task.abort_handle(),
        };
        // Of the same deployment there may be one that is about to stop; it is among the predecessors.
        if let Some(before) = self.0.insert(id, run) {
            before.stop.send_replace(true);
        }
        news
    }

    /// Tells a run to stop where it does no harm.
    pub(crate) fn stop(&mut self, id: DeploymentId) {
        if let Some(run) = self.0.get(&id) {
            run.stop.send_replace(true);
        }
    }

    fn stop_unit(&mut self, unit: &Unit) -> Vec<watch::Receiver<News>> {
        let going_on = |run: &&Run| run.unit == *unit && !run.news.borrow().is_over();
        self.0
            .values()
            .filter(going_on)
            .map(|run| {
                run.stop.send_replace(true);
                run.news.clone()
            })
            .collect()
    }

    /// Makes room by dropping the oldest runs that have ended.
    fn forget(&mut self) {
        while self.0.len() >= MOST_REMEMBERED {
            let ended = self.0.iter().find(|(_, run)| run.news.borrow().is_over());
            let Some(id) = ended.map(|(id, _)| *id) else {
                return;
            };
            self.0.remove(&id);
        }
    }
}

impl Run {
    fn can_be_joined(&self) -> bool {
        match &*self.news.borrow() {
            News::Working(_) => !*self.stop.borrow() && !self.task.is_finished(),
            News::Ended(_) => true,
            News::Lost(_) => false,
        }
    }
}

impl Drop for Runs {
    fn drop(&mut self) {
        for run in self.0.values() {
            run.task.abort();
        }
    }
}
