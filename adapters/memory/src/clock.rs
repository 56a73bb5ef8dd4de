use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use registrywatcher::ports::Clock;

/// A clock that stands still until it is moved.
///
/// Clones share one time, so that a test moves it for the whole system at once.
#[derive(Debug, Clone)]
pub struct MemoryClock {
    time: Arc<Mutex<Time>>,
}

#[derive(Debug)]
struct Time {
    wall: DateTime<Utc>,
    monotonic: Duration,
}

impl MemoryClock {
    /// A clock at a fixed moment, the same for every test.
    pub fn new() -> Self {
        Self::starting_at(DateTime::UNIX_EPOCH + TimeDelta::seconds(1_800_000_000))
    }

    /// A clock at `wall`.
    pub fn starting_at(wall: DateTime<Utc>) -> Self {
        Self {
            time: Arc::new(Mutex::new(Time {
                wall,
                monotonic: Duration::ZERO,
            })),
        }
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.with(|time| {
            time.wall += by;
            time.monotonic += by;
        });
    }

    /// Sets the time of day, forward or back, as an administrator does; monotonic time goes on undisturbed.
    pub fn set(&self, wall: DateTime<Utc>) {
        self.with(|time| time.wall = wall);
    }

    fn with<T>(&self, read: impl FnOnce(&mut Time) -> T) -> T {
        read(&mut self.time.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Default for MemoryClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for MemoryClock {
    fn now(&self) -> DateTime<Utc> {
        self.with(|time| time.wall.trunc_subsecs(6))
    }

    fn monotonic(&self) -> Duration {
        self.with(|time| time.monotonic)
    }
}
