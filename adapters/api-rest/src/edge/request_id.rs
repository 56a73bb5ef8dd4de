use std::fmt;

use poem::Request;
use poem::http::HeaderValue;
use uuid::{Builder, Uuid};

/// The header that carries it, in both directions.
pub(super) const HEADER: &str = "x-request-id";

const MAX_LENGTH: usize = 128;

/// What a request is named in the log, in its answer and in problems.
pub(super) struct RequestId(String);

impl RequestId {
    /// The name that the client gave, if it is one that can safely be logged, or a new one.
    pub(super) fn of(request: &Request) -> Self {
        let given = request.header(HEADER).filter(|text| is_safe(text));
        Self(given.map_or_else(|| new().to_string(), str::to_owned))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn to_header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// It tells requests apart and is no secret, so that it takes no system call.
fn new() -> Uuid {
    Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid()
}

fn is_safe(text: &str) -> bool {
    (1..=MAX_LENGTH).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:+/=".contains(&byte))
}
