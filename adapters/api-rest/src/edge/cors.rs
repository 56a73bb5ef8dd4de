use std::fmt;
use std::str::FromStr;

use poem::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use poem::http::uri::{Authority, PathAndQuery, Uri};
use poem::http::{HeaderMap, HeaderValue, Method, StatusCode};
use poem::{Request, Response};

/// What a page may send besides what every page may.
const ALLOWED_HEADERS: &str =
    "authorization, content-type, idempotency-key, if-match, last-event-id, x-request-id";

/// What a page may read of an answer besides its body and what every page may.
const EXPOSED_HEADERS: &str =
    "allow, deprecation, etag, link, location, retry-after, sunset, www-authenticate, x-request-id";

/// For how many seconds a browser need not ask again.
const MAX_AGE: &str = "600";

/// Where a page comes from, as browsers write it: `https://dashboard.example`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// Why a text is no [`Origin`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseOriginError {
    /// It stands for all of them.
    #[error("`{0}` is no single origin; list those that may, such as `https://dashboard.example`")]
    Any(String),
    /// It is none.
    #[error(
        "an origin is `http://` or `https://`, a host, and a port if it is not the usual one, such as \
        `https://dashboard.example`; found `{0}`"
    )]
    Malformed(String),
}

impl FromStr for Origin {
    type Err = ParseOriginError;

    fn from_str(text: &str) -> Result<Self, ParseOriginError> {
        if text.contains('*') || text.eq_ignore_ascii_case("null") {
            return Err(ParseOriginError::Any(text.to_owned()));
        }
        let malformed = || ParseOriginError::Malformed(text.to_owned());
        let uri: Uri = text.parse().map_err(|_| malformed())?;
        let usual_port = match uri.scheme_str() {
            Some("http") => 80,
            Some("https") => 443,
            _ => return Err(malformed()),
        };
        let has_path = uri.path_and_query().map(PathAndQuery::as_str) != Some("/");
        let authority = uri
            .authority()
            .filter(|_| !has_path && !text.ends_with('/'));
        let authority = authority.filter(|authority| is_host_and_port(authority));
        let authority = authority.ok_or_else(malformed)?;
        let host = authority.host().to_ascii_lowercase();
        let port = authority.port_u16().filter(|port| *port != usual_port);
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        let scheme = uri.scheme_str().unwrap_or_default();
        let value = HeaderValue::from_str(&format!("{scheme}://{host}{port}"));
        value.map(Self).map_err(|_| malformed())
    }
}

/// Whether nothing else stands there: no login, and no port that is none.
fn is_host_and_port(authority: &Authority) -> bool {
    let rest = authority.as_str().strip_prefix(authority.host());
    let port = authority.port_u16().map(|port| format!(":{port}"));
    rest == Some(port.as_deref().unwrap_or_default())
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

/// Which origin, among `invited`, the page that sent `request` comes from.
pub(super) fn invited<'a>(request: &Request, invited: &'a [Origin]) -> Option<&'a Origin> {
    let origin = request.headers().get(ORIGIN)?;
    invited.iter().find(|Origin(known)| known == origin)
}

/// Whether `request` asks what a page may do, before the page does it.
pub(super) fn is_preflight(request: &Request) -> bool {
    let asks = request
        .headers()
        .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    *request.method() == Method::OPTIONS && asks
}

/// The answer to such a question; `methods` are those of the path.
pub(super) fn preflight(methods: &HeaderValue) -> Response {
    let mut response = Response::default();
    response.set_status(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods.clone());
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS),
        (ACCESS_CONTROL_MAX_AGE, MAX_AGE),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Lets a page of `origin` read the answer. Cookies are never asked for: who may do what is decided by tokens alone.
pub(super) fn invite(origin: &Origin, headers: &mut HeaderMap) {
    let exposed = HeaderValue::from_static(EXPOSED_HEADERS);
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.0.clone());
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
}

/// Says that the answer depends on who asks, so that no cache gives one origin what was answered to another.
pub(super) fn vary(headers: &mut HeaderMap) {
    headers.append(VARY, HeaderValue::from_static("Origin"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(text: &str, as_text: &str) {
        let origin: Origin = text.parse().unwrap();
        assert_eq!(origin.to_string(), as_text, "{text}");
    }

    #[test]
    fn an_origin_is_read_as_browsers_write_it() {
        reads("https://dashboard.example", "https://dashboard.example");
        reads("HTTPS://Dashboard.Example:443", "https://dashboard.example");
        reads("http://localhost:3000", "http://localhost:3000");
        reads("http://[::1]:80", "http://[::1]");
        reads("https://a.example:80", "https://a.example:80");
    }

    #[test]
    fn what_is_no_single_origin_is_none() {
        for text in ["*", "https://*.example", "null"] {
            assert_eq!(
                text.parse::<Origin>(),
                Err(ParseOriginError::Any(text.to_owned()))
            );
        }
        for text in [
            "",
            "dashboard.example",
            "https://dashboard.example/",
            "https://dashboard.example/app",
            "https://dashboard.example?x",
            "https://user@dashboard.example",
            "https://dashboard.example:99999",
            "https://dashboard.example:",
            "ftp://dashboard.example",
            "https://",
            "https://a.example https://b.example",
        ] {
            assert_eq!(
                text.parse::<Origin>(),
                Err(ParseOriginError::Malformed(text.to_owned())),
                "{text}"
            );
        }
    }
}
