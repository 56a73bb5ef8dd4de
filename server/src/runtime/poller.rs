//! Polls each repository at its interval.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use registrywatcher::app::{App, Polled};
use registrywatcher::image::Repository;
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};

use super::announcements::PollNews;
use super::background::stopped;
use crate::measure;

/// How repositories are polled.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Which part of an interval is added or taken off at random, so that polls do not march in step.
    pub jitter: f64,
    /// How many repositories are polled at the same time.
    pub concurrency: usize,
    /// How long one poll may take.
    pub timeout: Duration,
}

/// Polls every repository at its interval.
///
/// One task holds the times of all, so that ten thousand repositories cost little while they wait.
pub(super) struct Poller {
    app: Arc<App>,
    pace: Pace,
    repositories: Vec<Polling>,
    due: BTreeSet<(Instant, usize)>,
    polls: JoinSet<Polled>,
    running: BTreeMap<Id, usize>,
}

/// A repository, and where its polling is.
struct Polling {
    repository: Repository,
    interval: Duration,
    state: PollState,
    /// Until when the registry wants to be left alone.
    not_before: Instant,
}

#[derive(Clone, Copy)]
enum PollState {
    Due(Instant),
    /// It is polled now; `again` if it was woken meanwhile, when what is asked may have been answered already.
    Polled {
        since: Instant,
        again: bool,
    },
}

impl Poller {
    /// Every repository is due at once.
    pub(super) fn new(app: Arc<App>, pace: Pace) -> Self {
        let mut poller = Self {
            app,
            pace,
            repositories: Vec::new(),
            due: BTreeSet::new(),
            polls: JoinSet::new(),
            running: BTreeMap::new(),
        };
        poller.renew();
        poller
    }

    /// Takes up the repositories that are to be polled now and were not before, which are due at once, and drops the others.
    fn renew(&mut self) {
        let now = Instant::now();
        let before = std::mem::take(&mut self.repositories).into_iter();
        let mut before: BTreeMap<Repository, (usize, Polling)> = before
            .enumerate()
            .map(|(index, polling)| (polling.repository.clone(), (index, polling)))
            .collect();
        let mut moved = BTreeMap::new();
        for (index, (repository, interval)) in self.app.repositories().into_iter().enumerate() {
            let mut polling = Polling {
                interval,
                state: PollState::Due(now),
                not_before: now,
                repository,
            };
            if let Some((old, known)) = before.remove(&polling.repository) {
                moved.insert(old, index);
                (polling.state, polling.not_before) = (known.state, known.not_before);
            }
            self.repositories.push(polling);
        }
        let due = self.repositories.iter().enumerate();
        self.due = due
            .filter_map(|(index, polling)| match polling.state {
                PollState::Due(at) => Some((at, index)),
                PollState::Polled { .. } => None,
            })
            .collect();
        // A poll of what was dropped ends for nobody.
        let running = std::mem::take(&mut self.running).into_iter();
        self.running = running
            .filter_map(|(id, old)| Some((id, *moved.get(&old)?)))
            .collect();
    }

    /// Polls for ever, and what is `woken` at once.
    pub(super) async fn poll(
        mut self,
        mut woken: mpsc::UnboundedReceiver<PollNews>,
        mut stopping: watch::Receiver<bool>,
    ) {
        loop {
            let has_room = self.polls.len() < self.pace.concurrency.max(1);
            let next = self.due.first().copied().filter(|_| has_room);
            let until = next.map_or_else(Instant::now, |(at, _)| at);
            tokio::select! {
                biased;
                () = stopped(&mut stopping) => return self.polls.shutdown().await,
                Some(ended) = self.polls.join_next_with_id() => {
                    // A poll that panicked was reported by the runtime; its repository is polled again all the same.
                    let (id, polled) = ended.unwrap_or_else(|error| (error.id(), Polled::default()));
                    if let Some(index) = self.running.remove(&id) {
                        self.end(index, &polled);
                    }
                }
                Some(news) = woken.recv() => match news {
                    PollNews::Now(repository) => self.wake(&repository),
                    PollNews::Others => self.renew(),
                },
                () = sleep_until(until), if next.is_some() => {
                    if let Some((_, index)) = next {
                        self.begin(index);
                    }
                }
            }
        }
    }

    fn begin(&mut self, index: usize) {
        let polling = &mut self.repositories[index];
        if let PollState::Due(at) = polling.state {
            self.due.remove(&(at, index));
        }
        polling.state = PollState::Polled {
            since: Instant::now(),
            again: false,
        };
        let (app, limit) = (Arc::clone(&self.app), self.pace.timeout);
        let repository = polling.repository.clone();
        let task = self.polls.spawn(async move {
            let began = Instant::now();
            let (polled, timed_out) = match timeout(limit, app.poll(&repository)).await {
                Ok(polled) => (polled, false),
                Err(_) => (app.give_up_poll(&repository).await, true),
            };
            measure::polled(&repository, &polled, timed_out, began.elapsed());
            polled
        });
        self.running.insert(task.id(), index);
    }

    fn end(&mut self, index: usize, polled: &Polled) {
        let now = Instant::now();
        let polling = &mut self.repositories[index];
        polling.not_before = polled.retry_after.map_or(now, |wait| now + wait);
        let at = match polling.state {
            PollState::Polled { since, again } if !again => self.pace.next(since, polling.interval),
            _ => now,
        };
        self.schedule(index, at);
    }

    /// Brings the next poll forward; one that runs now is repeated, so that no two of a repository overlap.
    fn wake(&mut self, repository: &Repository) {
        let found = self
            .repositories
            .binary_search_by(|polling| polling.repository.cmp(repository));
        let Ok(index) = found else { return };
        match &mut self.repositories[index].state {
            PollState::Polled { again, .. } => *again = true,
            PollState::Due(at) => {
                let earlier = Instant::now().min(*at);
                self.due.remove(&(*at, index));
                self.schedule(index, earlier);
            }
        }
    }

    /// A registry is never asked before it wants to be asked again.
    fn schedule(&mut self, index: usize, at: Instant) {
        let polling = &mut self.repositories[index];
        let at = at.max(polling.not_before);
        polling.state = PollState::Due(at);
        self.due.insert((at, index));
    }
}

impl Pace {
    /// When a repository is polled next: counted from the start of the last poll, so that a slow registry does not stretch
    /// the interval.
    fn next(self, began: Instant, interval: Duration) -> Instant {
        began + interval.mul_f64(1.0 + self.jitter * (2.0 * fastrand::f64() - 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace {
        jitter: 0.1,
        concurrency: 1,
        timeout: Duration::from_secs(1),
    };

    #[test]
    fn jitter_spreads_polls_around_their_interval() {
        let began = Instant::now();
        let interval = Duration::from_secs(100);
        let pauses: Vec<f64> = (0..200)
            .map(|_| (PACE.next(began, interval) - began).as_secs_f64())
            .collect();
        assert!(
            pauses.iter().all(|pause| (90.0..=110.0).contains(pause)),
            "{pauses:?}"
        );
        assert!(pauses.iter().any(|pause| *pause < 97.0), "{pauses:?}");
        assert!(pauses.iter().any(|pause| *pause > 103.0), "{pauses:?}");
    }
}
