use std::time::Duration;

use percent_encoding::percent_decode_str;
use poem::{Request, http::Method};
use serde_json::Value;

use crate::{clock::parse_go_duration, nomad::error::ApiError};

/// How long a blocking query waits that does not say, and how long one may.
const LONGEST_WAIT: Duration = Duration::from_mins(5);

/// A request, read.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// Decoded, so that an id with a slash in it looks like two segments, as to the real server.
    pub(super) path: String,
    pub(super) token: Option<String>,
    query: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Call {
    pub(super) async fn read(mut request: Request) -> Self {
        let body = request.take_body().into_vec().await.unwrap_or_default();
        let header = |name: &str| request.headers().get(name)?.to_str().ok();
        let bearer = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let path = percent_decode_str(request.uri().path()).decode_utf8_lossy();
        Self {
            method: request.method().clone(),
            path: path.into_owned(),
            token: header("x-nomad-token").or(bearer).map(str::to_owned),
            query: request.params().unwrap_or_default(),
            body,
        }
    }

    pub(super) fn is_get(&self) -> bool {
        self.method == Method::GET
    }

    pub(super) fn is_write(&self) -> bool {
        self.method == Method::POST || self.method == Method::PUT
    }

    /// Whether it needs neither a leader nor a token.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.path.as_str(), "/v1/status/leader" | "/v1/regions")
    }

    pub(super) fn query(&self, name: &str) -> Option<&str> {
        let mut named = self.query.iter().filter(|(key, _)| key == name);
        named.next().map(|(_, value)| value.as_str())
    }

    /// The namespace in the query, or the default one.
    pub(super) fn namespace(&self) -> String {
        self.query("namespace").unwrap_or("default").to_owned()
    }

    /// The region that is meant: the body's, if it has one, wins over the query's.
    pub(super) fn region(&self) -> Option<String> {
        let body = self.is_write().then(|| self.json().ok()).flatten();
        let region = body.as_ref().and_then(|body| body["Region"].as_str());
        let region = region.filter(|region| !region.is_empty());
        region.or_else(|| self.query("region")).map(str::to_owned)
    }

    pub(super) fn json(&self) -> Result<Value, ApiError> {
        serde_json::from_slice(&self.body).map_err(|error| ApiError::bad_request(error.to_string()))
    }

    /// The index that was seen, and how long to wait for a newer one; `None` without `index`.
    pub(super) fn blocking(&self) -> Result<(u64, Option<Duration>), ApiError> {
        let wait = match self.query("wait") {
            None => LONGEST_WAIT,
            Some(wait) => {
                parse_go_duration(wait).ok_or_else(|| ApiError::bad_request("Invalid wait time"))?
            }
        };
        let seen = match self.query("index") {
            None => 0,
            Some(index) => {
                let index = index.parse();
                index.map_err(|_| ApiError::bad_request("Invalid index"))?
            }
        };
        Ok((seen, (seen > 0).then_some(wait.min(LONGEST_WAIT))))
    }
}
