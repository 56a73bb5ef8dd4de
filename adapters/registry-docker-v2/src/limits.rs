use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use registrywatcher::image::RegistryHost;
use registrywatcher::ports::{self, Clock};
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::credential::{CredentialId, Presented};
use crate::fault::Fault;
use crate::telemetry;

/// How much of a pull quota is left, as the registry last told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// Which registry.
    pub registry: RegistryHost,
    /// Whose quota it is; `None` for one that belongs to our address.
    pub username: Option<String>,
    /// How many pulls there are in a window.
    pub limit: u64,
    /// How many of them are left.
    pub remaining: u64,
    /// How long a window is, if the registry says so.
    pub window: Option<Duration>,
    /// When the registry told it.
    pub observed_at: DateTime<Utc>,
}

impl From<Quota> for ports::Quota {
    fn from(quota: Quota) -> Self {
        Self {
            limit: quota.limit,
            remaining: quota.remaining,
            window: quota.window,
            told_at: quota.observed_at,
        }
    }
}

/// What a registry allows each credential: when it may ask again, and what is left of its quota.
pub(crate) struct Limits {
    pub(crate) registry: RegistryHost,
    pub(crate) clock: Arc<dyn Clock>,
    accounts: Mutex<HashMap<CredentialId, Account>>,
}

#[derive(Debug, Default)]
struct Account {
    /// Monotonic; nothing is asked before.
    asks_again: Duration,
    /// Waits in a row that the registry asked for without saying how long.
    vague_waits: u32,
    quota: Option<Quota>,
}

/// A registry that asks for more is not believed.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// The first and the longest wait where the registry does not say how long.
const VAGUE_WAIT: (Duration, Duration) = (Duration::from_secs(2), Duration::from_mins(15));

impl Limits {
    pub(crate) fn new(registry: RegistryHost, clock: Arc<dyn Clock>) -> Self {
        telemetry::begin(&registry);
        Self {
            registry,
            clock,
            accounts: Mutex::default(),
        }
    }

    /// Refuses here what the registry would refuse there.
    pub(crate) fn check(&self, credential: CredentialId) -> Result<(), Fault> {
        let asks_again = self
            .accounts()
            .get(&credential)
            .map(|account| account.asks_again);
        let wait = asks_again
            .unwrap_or_default()
            .saturating_sub(self.clock.monotonic());
        if wait.is_zero() {
            Ok(())
        } else {
            Err(Fault::RateLimited(wait))
        }
    }

    /// Remembers that the registry asks to be left alone, and says for how long.
    pub(crate) fn asked_to_wait(&self, credential: CredentialId, headers: &HeaderMap) -> Duration {
        let now = self.clock.monotonic();
        let told = headers
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok());
        let told = told.and_then(|value| parse_retry_after(value, self.clock.now()));
        let mut accounts = self.accounts();
        let account = accounts.entry(credential).or_default();
        let is_first = account.asks_again <= now;
        let wait = match told {
            Some(told) => told.min(LONGEST_WAIT),
            // Requests that were under way together are refused together: that is one wait.
            None if is_first => {
                account.vague_waits += 1;
                backoff(VAGUE_WAIT.0, VAGUE_WAIT.1, account.vague_waits - 1)
            }
            None => Duration::ZERO,
        };
        account.asks_again = account.asks_again.max(now + wait);
        let wait = account.asks_again.saturating_sub(now);
        drop(accounts);
        if is_first {
            telemetry::waits(&self.registry, wait);
            tracing::warn!(registry = %self.registry, seconds = wait.as_secs(), "the registry asks to wait");
        }
        wait
    }

    /// Takes what an answer says of the quota, and that the registry answers again.
    pub(crate) fn answered(&self, presented: &Presented, headers: &HeaderMap) {
        let quota = self.read_quota(presented, headers);
        let mut accounts = self.accounts();
        if let Some(quota) = quota {
            telemetry::pulls_left(&quota);
            accounts.entry(presented.id).or_default().quota = Some(quota);
        }
        if let Some(account) = accounts.get_mut(&presented.id)
            && account.asks_again <= self.clock.monotonic()
        {
            account.vague_waits = 0;
        }
    }

    pub(crate) fn quotas(&self) -> Vec<Quota> {
        self.accounts()
            .values()
            .filter_map(|account| account.quota.clone())
            .collect()
    }

    fn read_quota(&self, presented: &Presented, headers: &HeaderMap) -> Option<Quota> {
        let read = |name: &str| parse_quota(headers.get(name)?.to_str().ok()?);
        let (limit, limit_window) = read("ratelimit-limit")?;
        let (remaining, remaining_window) = read("ratelimit-remaining")?;
        Some(Quota {
            registry: self.registry.clone(),
            username: presented.username().map(str::to_owned),
            limit,
            remaining,
            window: limit_window.or(remaining_window),
            observed_at: self.clock.now(),
        })
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<CredentialId, Account>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Limits")
            .field("registry", &self.registry)
            .finish_non_exhaustive()
    }
}

/// `Retry-After` in seconds or as a date; `None` where it says nothing, a wait of 0 included.
fn parse_retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let seconds = value.trim().parse().ok().map(Duration::from_secs);
    let wait = seconds.or_else(|| {
        let date = httpdate::parse_http_date(value.trim()).ok()?;
        let date = date.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let now = Duration::from_millis(now.timestamp_millis().try_into().ok()?);
        Some(date.saturating_sub(now))
    })?;
    (!wait.is_zero()).then_some(wait)
}

/// `100;w=21600`: a number, and the window it is counted in.
fn parse_quota(value: &str) -> Option<(u64, Option<Duration>)> {
    let mut parts = value.split(';').map(str::trim);
    let count = parts.next()?.parse().ok()?;
    let window = parts.find_map(|part| part.strip_prefix("w=")?.parse().ok());
    Some((count, window.map(Duration::from_secs)))
}

/// `first` doubled by each attempt, `longest` at most; half of it by chance, so that many clients do not return together.
pub(crate) fn backoff(first: Duration, longest: Duration, attempt: u32) -> Duration {
    let full = first.saturating_mul(1 << attempt.min(16)).min(longest);
    // Each `RandomState` has keys of its own.
    let chance = RandomState::new().hash_one(attempt) % 1024;
    full / 2 + full.mul_f64(f64::from(u32::try_from(chance).unwrap_or(0)) / 2048.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_seconds_or_by_a_date() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let date =
            httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_090));
        let past =
            httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        let seconds = |value: &str| parse_retry_after(value, now).map(|wait| wait.as_secs());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds(" 7 "), Some(7));
        assert_eq!(seconds(&date), Some(90));
        for nothing in ["0", "", "-5", "soon", "1.5", past.as_str()] {
            assert_eq!(seconds(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn a_quota_is_a_number_and_perhaps_a_window() {
        assert_eq!(
            parse_quota("100;w=21600"),
            Some((100, Some(Duration::from_hours(6))))
        );
        assert_eq!(
            parse_quota("97 ; w=60"),
            Some((97, Some(Duration::from_mins(1))))
        );
        assert_eq!(parse_quota("5"), Some((5, None)));
        assert_eq!(parse_quota("many"), None);
    }

    #[test]
    fn a_backoff_grows_up_to_its_end_and_is_scattered() {
        let (first, longest) = (Duration::from_secs(1), Duration::from_mins(1));
        for attempt in 0..40 {
            let full = first.saturating_mul(1 << attempt.min(16)).min(longest);
            let wait = backoff(first, longest, attempt);
            assert!(
                wait >= full / 2 && wait <= full,
                "attempt {attempt} waits {wait:?}"
            );
        }
        let waits: Vec<_> = (0..20).map(|_| backoff(first, longest, 5)).collect();
        assert!(waits.iter().any(|wait| *wait != waits[0]), "{waits:?}");
    }
}
