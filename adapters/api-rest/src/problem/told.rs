use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use poem::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use poem::http::{HeaderValue, StatusCode};
use poem::{IntoResponse, Response};
use poem_openapi::Object;
use poem_openapi::payload::Json;

use super::{Fault, Kind};
use crate::wire::Timestamp;

/// Where the kinds of problems are explained; the name of one follows.
const TYPES: &str = concat!(
    env!("CARGO_PKG_REPOSITORY"),
    "/blob/main/openapi/README.md#"
);

/// When to try again if nobody knows when what stands in the way will have passed.
const SOON: Duration = Duration::from_secs(5);

/// What went wrong, as RFC 9457 has it.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Problem {
    /// Which kind of problem it is; a URI that explains it.
    r#type: String,
    /// What that kind is, in one sentence.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What went wrong this time.
    detail: String,
    /// The request, as it is named in the log and in the header `X-Request-Id`.
    request_id: String,
    /// When what stands in the way passes by itself, if that is known.
    until: Option<Timestamp>,
    /// Each thing that is wrong or missing, where there are several or they have names.
    errors: Option<Vec<Part>>,
}

/// One thing that is wrong or missing.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename = "ProblemPart")]
pub(crate) struct Part {
    /// A field of the body, a parameter, or what is missing.
    pub(crate) name: String,
    /// What is wrong with it.
    pub(crate) detail: String,
}

/// What the Go service's routes tell people.
#[derive(Debug, Object)]
pub(crate) struct Message {
    /// For people.
    message: String,
}

impl Message {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

/// In whose words an error is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// RFC 9457.
    Problem,
    /// The Go service's `{"message": …}`, with the few statuses that it knew.
    Go,
}

impl Dialect {
    /// The dialect of a path, or of its template in the document.
    pub(crate) fn of_path(path: &str) -> Self {
        let first = path.trim_start_matches('/').split('/').next();
        match first {
            Some("ping" | "repos" | "tags" | "debug") => Self::Go,
            _ => Self::Problem,
        }
    }

    /// The status under which a kind of problem is told.
    pub(crate) fn status(self, kind: Kind) -> StatusCode {
        match (self, kind) {
            (Self::Go, Kind::UnknownWatch | Kind::TagNotFound | Kind::NothingWanted) => {
                StatusCode::BAD_REQUEST
            }
            _ => kind.status(),
        }
    }

    /// Tells `fault`, which befell the request that is named `request_id`.
    pub(crate) fn tell(self, fault: Fault, request_id: &str) -> Response {
        let status = self.status(fault.kind);
        let mut response = match self {
            Self::Go => Json(Message::new(fault.detail)).into_response(),
            Self::Problem => {
                let problem = Problem {
                    r#type: format!("{TYPES}{}", fault.kind.name()),
                    title: fault.kind.title().to_owned(),
                    status: status.as_u16(),
                    detail: fault.detail.into_owned(),
                    request_id: request_id.to_owned(),
                    until: fault.until.map(Timestamp::from),
                    errors: Some(fault.parts).filter(|parts| !parts.is_empty()),
                };
                let mut response = Json(problem).into_response();
                let media_type = HeaderValue::from_static("application/problem+json");
                response.headers_mut().insert(CONTENT_TYPE, media_type);
                response
            }
        };
        response.set_status(status);
        let headers = response.headers_mut();
        if fault.kind == Kind::Unauthenticated {
            let challenge = HeaderValue::from_static(r#"Bearer realm="registrywatcher""#);
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        let unknown = fault.kind.passes().then_some(SOON);
        if let Some(wait) = fault.retry_after.or(unknown) {
            // Rounded up: who comes back too early is refused again.
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Some(date) = fault.until.and_then(http_date) {
            headers.insert(RETRY_AFTER, date);
        }
        response
    }
}

/// The first whole second that is not before `moment`, as HTTP writes dates.
fn http_date(moment: DateTime<Utc>) -> Option<HeaderValue> {
    let second = moment.checked_add_signed(TimeDelta::milliseconds(999))?;
    let text = second.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    HeaderValue::from_str(&text).ok()
}
