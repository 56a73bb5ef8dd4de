use std::time::Duration;

use registrywatcher::ports::NotifyError;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::{Response, StatusCode};

/// Longer than each of the words that sinks refuse with, such as `invalid_payload`.
const MAX_WORD: usize = 60;

/// Reads what a sink answered.
pub(super) async fn judge(response: Response) -> Result<(), NotifyError> {
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    if status.is_redirection() {
        let problem = format!(
            "it answered {status}, a redirect, which is not followed; configure the final address"
        );
        return Err(NotifyError::Rejected { problem });
    }
    if is_passing(status) {
        let problem = format!("it answered {status}");
        return Err(NotifyError::Unavailable {
            problem,
            retry_after: asked_pause(response.headers()),
        });
    }
    let problem = match word(response).await {
        Some(word) => format!("it answered {status}: {word}"),
        None => format!("it answered {status}"),
    };
    Err(NotifyError::Rejected { problem })
}

fn is_passing(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
        )
}

/// How long the sink asks to wait: in seconds, or until a moment, which is then measured by the sink's own clock.
fn asked_pause(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let asked = text(RETRY_AFTER)?;
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(asked).ok()?;
    let now = httpdate::parse_http_date(text(DATE)?).ok()?;
    Some(until.duration_since(now).unwrap_or_default())
}

/// The word that a sink gives for its refusal.
///
/// Anything that is not one such word is left out: a page about an unknown path would show the address.
async fn word(mut response: Response) -> Option<String> {
    let mut body = Vec::new();
    while body.len() <= MAX_WORD
        && let Ok(Some(chunk)) = response.chunk().await
    {
        body.extend_from_slice(&chunk);
    }
    let word = String::from_utf8(body).ok()?.trim().to_owned();
    let is_word = !word.is_empty()
        && word.len() <= MAX_WORD
        && word.bytes().all(|c| c.is_ascii_lowercase() || c == b'_');
    is_word.then_some(word)
}
