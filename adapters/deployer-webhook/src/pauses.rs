use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use registrywatcher::ports::Clock;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use url::Url;

/// When each address may be asked again, and what it said last.
pub(crate) struct Pauses {
    clock: Arc<dyn Clock>,
    notes: Mutex<HashMap<Url, Note>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Note {
    until: Duration,
    said: String,
}

/// No address is left alone for longer, whatever its server asks for.
const LONGEST: Duration = Duration::from_hours(1);

/// After this time nobody asks any more.
const FORGOTTEN: Duration = Duration::from_hours(1);

impl Pauses {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            notes: Mutex::default(),
        }
    }

    /// Leaves `url` alone for `pause`.
    pub(crate) fn note(&self, url: &Url, pause: Duration, said: String) {
        let now = self.clock.monotonic();
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.retain(|_, note| note.until + FORGOTTEN > now);
        let until = now + pause.min(LONGEST);
        notes.insert(url.clone(), Note { until, said });
    }

    /// How long `url` is still to be left alone, and what it said last.
    pub(crate) fn of(&self, url: &Url) -> Option<(Duration, String)> {
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let note = notes.get(url)?;
        let left = note.until.saturating_sub(self.clock.monotonic());
        Some((left, note.said.clone()))
    }

    pub(crate) fn forget(&self, url: &Url) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.remove(url);
    }

    /// How long `Retry-After` asks to wait: in seconds, or until a date by the server's own clock, or else by ours.
    pub(crate) fn asked(&self, headers: &HeaderMap) -> Option<Duration> {
        let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
        let asked = text(RETRY_AFTER)?;
        if let Ok(seconds) = asked.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let until = httpdate::parse_http_date(asked).ok()?;
        let theirs = text(DATE).and_then(|date| httpdate::parse_http_date(date).ok());
        let now = theirs.unwrap_or_else(|| self.time_of_day());
        Some(until.duration_since(now).unwrap_or_default())
    }

    fn time_of_day(&self) -> SystemTime {
        let seconds = u64::try_from(self.clock.now().timestamp()).unwrap_or_default();
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }
}

#[cfg(test)]
mod tests {
    use registrywatcher_memory::MemoryClock;
    use reqwest::header::HeaderValue;

    use super::*;

    fn asked(retry_after: &'static str, date: Option<&'static str>) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static(retry_after));
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_static(date));
        }
        Pauses::new(Arc::new(MemoryClock::new())).asked(&headers)
    }

    #[test]
    fn a_pause_is_asked_for_in_seconds_or_until_a_date() {
        let date = "Wed, 21 Oct 2026 07:28:00 GMT";
        let now = Some("Wed, 21 Oct 2026 07:27:30 GMT");
        assert_eq!(asked("7", None), Some(Duration::from_secs(7)));
        assert_eq!(asked(date, now), Some(Duration::from_secs(30)));
        assert_eq!(asked(date, Some(date)), Some(Duration::ZERO));
        assert_eq!(asked("soon", None), None);
        // The clock of tests stands at 2027-01-15T08:00:00Z.
        let later = asked("Fri, 15 Jan 2027 08:00:20 GMT", None);
        assert_eq!(later, Some(Duration::from_secs(20)));
    }

    #[test]
    fn a_pause_ends_with_time_and_is_at_most_an_hour() {
        let clock = Arc::new(MemoryClock::new());
        let pauses = Pauses::new(clock.clone());
        let url: Url = "https://deploy.example/1".parse().unwrap();
        assert_eq!(pauses.of(&url), None);
        pauses.note(&url, Duration::from_secs(u64::MAX), "busy".into());
        clock.advance(Duration::from_mins(50));
        let left = Duration::from_mins(10);
        assert_eq!(pauses.of(&url), Some((left, "busy".into())));
        clock.advance(Duration::from_mins(20));
        assert_eq!(pauses.of(&url), Some((Duration::ZERO, "busy".into())));
        pauses.forget(&url);
        assert_eq!(pauses.of(&url), None);
    }
}
