//! Telling the time.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// Tells wall time and monotonic time.
///
/// # Contract
///
/// Checked by `registrywatcher_conformance::clock_suite!`:
///
/// - Monotonic time never goes back.
/// - Wall time has microseconds at most, so that what is stored reads back equal.
pub trait Clock: Send + Sync {
    /// The time of day; it may be set back by an administrator.
    fn now(&self) -> DateTime<Utc>;

    /// The time since some fixed moment in this process; for measuring how long something took.
    fn monotonic(&self) -> Duration;
}
