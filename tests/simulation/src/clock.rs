use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use registrywatcher::ports::Clock;
use tokio::time::Instant;

/// The clock of one machine: Tokio's paused time, and a time of day that can be set.
#[derive(Debug, Clone)]
pub(crate) struct MachineClock {
    began: Instant,
    ahead_millis: Arc<AtomicI64>,
}

impl MachineClock {
    pub(crate) fn starting(began: Instant) -> Self {
        Self {
            began,
            ahead_millis: Arc::default(),
        }
    }

    /// Sets the time of day forward, or back.
    pub(crate) fn step(&self, seconds: i64) {
        self.ahead_millis
            .fetch_add(seconds * 1000, Ordering::Relaxed);
    }
}

impl Clock for MachineClock {
    fn now(&self) -> DateTime<Utc> {
        let passed = i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX);
        let ahead = TimeDelta::milliseconds(self.ahead_millis.load(Ordering::Relaxed));
        DateTime::UNIX_EPOCH
            + TimeDelta::seconds(1_800_000_000)
            + TimeDelta::microseconds(passed)
            + ahead
    }

    fn monotonic(&self) -> Duration {
        self.began.elapsed()
    }
}
