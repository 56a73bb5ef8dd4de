use std::fmt;

use poem::Request;
use poem::http::HeaderValue;
use uuid::{Builder, Uuid};

/// The header that carries it, in both directions.
pub(super) const HEADER: &str = "x-request-id";

const MAX_LENGTH: usize = 128;

/// What a request is named in the log, in its answer and in problems.
///
/// It is safe text, and so a header at once.
pub(super) struct RequestId(HeaderValue);

impl RequestId {
    /// The name that the client gave, if it is one that can safely be logged, or a new one.
    pub(super) fn of(request: &Request) -> Self {
        let given = request.headers().get(HEADER);
        let is_safe = |given: &&HeaderValue| given.to_str().is_ok_and(is_safe);
        Self(given.filter(is_safe).cloned().unwrap_or_else(new))
    }

    pub(super) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    pub(super) fn into_header(self) -> HeaderValue {
        self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// It tells requests apart and is no secret, so that it takes no system call.
fn new() -> HeaderValue {
    let id = Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid();
    let mut text = Uuid::encode_buffer();
    let text = id.as_hyphenated().encode_lower(&mut text);
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unnamed"))
}

fn is_safe(text: &str) -> bool {
    (1..=MAX_LENGTH).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:+/=".contains(&byte))
}
