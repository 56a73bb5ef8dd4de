//! Polls each repository at its interval.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use std::time::Duration;

use registrywatcher::app::{App, Polled};
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};

/// How repositories are polled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Which part of an interval is added or taken off at random, so that polls do not march in step.
    pub jitter: f64,
    /// How many repositories are polled at the same time.
    pub concurrency: usize,
    /// How long one poll may take.
    pub timeout: Duration,
}

/// Polls every repository at its interval, for ever; dropping it stops it.
///
/// One task holds the times of all, so that ten thousand repositories cost little while they wait.
pub(crate) async fn poll(app: Arc<App>, pace: Pace) {
    let repositories = app.repositories();
    let start = Instant::now();
    let mut due: BinaryHeap<Reverse<(Instant, usize)>> = (0..repositories.len())
        .map(|index| Reverse((start, index)))
        .collect();
    let mut polls = JoinSet::new();
    let mut running: BTreeMap<Id, (usize, Instant)> = BTreeMap::new();
    loop {
        let has_room = polls.len() < pace.concurrency.max(1);
        let next = due.peek().map(|Reverse((at, _))| *at);
        tokio::select! {
            biased;
            Some(ended) = polls.join_next_with_id() => {
                // A poll that panicked was reported by the runtime; its repository is polled again all the same.
                let (id, polled) = ended.unwrap_or_else(|error| (error.id(), Polled::default()));
                if let Some((index, began)) = running.remove(&id) {
                    let interval = repositories[index].1;
                    due.push(Reverse((pace.next(began, interval, &polled), index)));
                }
            }
            () = sleep_until(next.unwrap_or(start)), if has_room && next.is_some() => {
                if let Some(Reverse((_, index))) = due.pop() {
                    let (app, repository) = (Arc::clone(&app), repositories[index].0.clone());
                    let task = polls.spawn(async move {
                        match timeout(pace.timeout, app.poll(&repository)).await {
                            Ok(polled) => polled,
                            Err(_) => app.give_up_poll(&repository).await,
                        }
                    });
                    running.insert(task.id(), (index, Instant::now()));
                }
            }
            else => return,
        }
    }
}

impl Pace {
    /// When a repository is polled next: counted from the start of the last poll, so that a slow registry does not stretch
    /// the interval, and not before the registry wants to be asked again.
    fn next(self, began: Instant, interval: Duration, polled: &Polled) -> Instant {
        let pause = interval.mul_f64(1.0 + self.jitter * (2.0 * fastrand::f64() - 1.0));
        let asked = polled
            .retry_after
            .map_or(began, |wait| Instant::now() + wait);
        (began + pause).max(asked)
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
            .map(|_| (PACE.next(began, interval, &Polled::default()) - began).as_secs_f64())
            .collect();
        assert!(
            pauses.iter().all(|pause| (90.0..=110.0).contains(pause)),
            "{pauses:?}"
        );
        assert!(pauses.iter().any(|pause| *pause < 97.0), "{pauses:?}");
        assert!(pauses.iter().any(|pause| *pause > 103.0), "{pauses:?}");
    }

    #[test]
    fn a_registry_that_asks_to_wait_is_not_asked_earlier() {
        let wait = Duration::from_mins(10);
        let polled = Polled {
            retry_after: Some(wait),
            ..Polled::default()
        };
        let began = Instant::now();
        assert!(PACE.next(began, Duration::from_secs(1), &polled) - began >= wait);
    }
}
