//! A stop of deployments for a while: [`Freeze`].

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::intent::Author;

/// Nothing is deployed until it expires or is ended, on one watch or on all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// When it expires.
    pub until: DateTime<Utc>,
    /// Why, for people.
    pub reason: String,
    /// Who froze.
    pub by: Author,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What it stops.
    pub stops: Stops,
}

/// What a freeze stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stops {
    /// Every new deployment, also one that somebody asks for without overriding the freeze.
    Everything,
    /// What nobody asked for. Bringing back what ran before a failed deployment goes on.
    Automatic,
}

impl Freeze {
    /// Whether it has not expired.
    pub fn is_active(&self, now: DateTime<Utc>) -> bool {
        now < self.until
    }
}

/// Freezes automatic deployments of all watches when too many deployments failed lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    /// How many failures are too many.
    pub failures: u32,
    /// Within how long.
    pub within: std::time::Duration,
    /// How long deployments are then frozen.
    pub freeze_for: std::time::Duration,
}

impl Breaker {
    /// The freeze that `failures` (when deployments failed, in any order) calls for at `now`, if it calls for one.
    pub fn trip(&self, failures: &[DateTime<Utc>], now: DateTime<Utc>) -> Option<Freeze> {
        let is_recent = |at: &&DateTime<Utc>| **at <= now && now < **at + self.within;
        let recent = failures.iter().filter(is_recent).count();
        let is_tripped = recent >= usize::try_from(self.failures.max(1)).unwrap_or(usize::MAX);
        is_tripped.then(|| Freeze {
            until: now + self.freeze_for,
            reason: format!(
                "{recent} deployments failed within {} minutes",
                self.within.as_secs().div_ceil(60)
            ),
            by: Author::new("breaker"),
            since: now,
            stops: Stops::Automatic,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn it_trips_at_the_last_failure_of_too_many_within_its_window() {
        let breaker = Breaker {
            failures: 3,
            within: Duration::from_mins(10),
            freeze_for: Duration::from_hours(1),
        };
        let cases: [(&[i64], i64, bool); 5] = [
            (&[0, 60], 60, false),
            (&[0, 60, 120], 120, true),
            (&[120, 0, 60], 120, true),
            (&[0, 60, 601], 601, false),
            (&[], 0, false),
        ];
        for (failures, now, trips) in cases {
            let failures: Vec<_> = failures.iter().copied().map(at).collect();
            let freeze = breaker.trip(&failures, at(now));
            assert_eq!(freeze.is_some(), trips, "{failures:?} at {now}");
            if let Some(freeze) = freeze {
                assert_eq!(freeze.until, at(now + 3600));
                assert!(freeze.is_active(at(now)) && !freeze.is_active(at(now + 3600)));
            }
        }
    }
}
