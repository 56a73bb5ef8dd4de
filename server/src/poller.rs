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
                        timeout(pace.timeout, app.poll(&repository)).await.unwrap_or_else(|_| {
                            tracing::warn!(image.repository = %repository, "a poll of {repository} took too long");
                            Polled::default()
                        })
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
        let pause = interval.mul_f64((1.0 + self.jitter * random_in(-1.0, 1.0)).max(0.0));
        let asked = polled
            .retry_after
            .map_or(began, |wait| Instant::now() + wait);
        (began + pause).max(asked)
    }
}

/// A number between `low` and `high`; it need not be hard to guess.
fn random_in(low: f64, high: f64) -> f64 {
    // The random part of a version 7 UUID, of which 52 bits make an exact fraction.
    let bits = uuid::Uuid::now_v7().as_u128() & ((1 << 52) - 1);
    #[expect(clippy::cast_precision_loss, reason = "52 bits are exact")]
    let fraction = bits as f64 / (1_u64 << 52) as f64;
    low + (high - low) * fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_stays_inside_its_bounds_and_varies() {
        let drawn: Vec<f64> = (0..100).map(|_| random_in(-1.0, 1.0)).collect();
        assert!(drawn.iter().all(|x| (-1.0..=1.0).contains(x)));
        assert!(drawn.iter().any(|x| *x < -0.2) && drawn.iter().any(|x| *x > 0.2));
    }
}
