#[cfg(test)]
mod tests;

use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use serde_json::Value;

/// Discord's header for the seconds until its limit is lifted, to the millisecond.
const RESET_AFTER: HeaderName = HeaderName::from_static("x-ratelimit-reset-after");

/// No sink is left alone for longer, whatever it asks for.
const LONGEST: Duration = Duration::from_hours(24);

/// How long a sink asks to wait: in `Retry-After`, in Discord's own header, or in the JSON of its answer.
pub(super) fn asked(headers: &HeaderMap, body: &[u8]) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let pause = text(RETRY_AFTER)
        .and_then(|asked| seconds(asked).or_else(|| until(asked, text(DATE)?)))
        .or_else(|| text(RESET_AFTER).and_then(seconds))
        .or_else(|| in_json(body))?;
    Some(pause.min(LONGEST))
}

fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.parse().ok()?).ok()
}

/// Until a moment, which is measured by the sink's own clock.
fn until(moment: &str, now: &str) -> Option<Duration> {
    let until = httpdate::parse_http_date(moment).ok()?;
    let now = httpdate::parse_http_date(now).ok()?;
    Some(until.duration_since(now).unwrap_or_default())
}

fn in_json(body: &[u8]) -> Option<Duration> {
    let json: Value = serde_json::from_slice(body).ok()?;
    Duration::try_from_secs_f64(json.get("retry_after")?.as_f64()?).ok()
}
