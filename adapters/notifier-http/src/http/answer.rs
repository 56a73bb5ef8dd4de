use registrywatcher::ports::NotifyError;
use reqwest::{Response, StatusCode};
use serde_json::Value;

use super::address::Address;
use super::pause;

/// Longer than each of the words that sinks refuse with, such as `invalid_payload`.
const MAX_WORD: usize = 60;

/// Longer than each answer in which a sink says what is wrong.
const MAX_BODY: usize = 4096;

/// Where the JSON of a refusal has a word or a number for it: Discord, Mattermost, and Workflows of Teams.
const REASONS: [&str; 3] = ["/code", "/id", "/error/code"];

/// Reads what a sink answered.
pub(super) async fn judge(mut response: Response, address: &Address) -> Result<(), NotifyError> {
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
    let body = start_of_body(&mut response).await;
    let problem = match reason(&body).filter(|reason| !address.is_named_in(reason)) {
        Some(reason) => format!("it answered {status}: {reason}"),
        None => format!("it answered {status}"),
    };
    if is_passing(status) {
        return Err(NotifyError::Unavailable {
            problem,
            retry_after: pause::asked(response.headers(), &body),
        });
    }
    Err(NotifyError::Rejected { problem })
}

fn is_passing(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        )
}

async fn start_of_body(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < MAX_BODY
        && let Ok(Some(chunk)) = response.chunk().await
    {
        body.extend_from_slice(&chunk);
    }
    body
}

/// The word or number that a sink gives for its refusal.
///
/// Anything else is left out: a page about an unknown path would show the address.
fn reason(body: &[u8]) -> Option<String> {
    let text = str::from_utf8(body).ok()?.trim();
    let is_lower = |c: u8| c.is_ascii_lowercase() || c == b'_';
    if is_word(text, is_lower) {
        return Some(text.to_owned());
    }
    let json: Value = serde_json::from_str(text).ok()?;
    REASONS.iter().find_map(|place| match json.pointer(place)? {
        Value::Number(code) => Some(format!("code {code}")),
        Value::String(word) => {
            let is_letter = |c: u8| c.is_ascii_alphabetic() || matches!(c, b'_' | b'.');
            is_word(word, is_letter).then(|| word.clone())
        }
        _ => None,
    })
}

fn is_word(text: &str, is_part: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.len() <= MAX_WORD && text.bytes().all(is_part)
}
