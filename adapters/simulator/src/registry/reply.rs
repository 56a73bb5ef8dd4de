use std::io;

use futures::{StreamExt, stream};
use poem::{
    Body, Response,
    http::{StatusCode, header},
};
use serde_json::{Value, json};

/// An answer before it is known whether it goes out as GET or HEAD, whole or broken.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn new(status: StatusCode, content_type: &str, body: Vec<u8>) -> Self {
        Self {
            status,
            headers: vec![("content-type", content_type.to_owned())],
            body,
        }
    }

    pub(super) fn json(status: StatusCode, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string().into_bytes())
    }

    /// The error body of the distribution specification.
    pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Self {
        let errors = json!({"errors": [{"code": code, "message": message, "detail": null}]});
        Self::json(status, &errors)
    }

    pub(super) fn unauthorized(challenge: String) -> Self {
        Self::error(
            StatusCode::UNAUTHORIZED,
            "UNAUTHORIZED",
            "authentication required",
        )
        .with("www-authenticate", challenge)
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn into_response(self, head: bool, truncated: bool) -> Response {
        let length = self.body.len();
        let mut response = Response::builder().status(self.status);
        for (name, value) in &self.headers {
            response = response.header(*name, value);
        }
        if self.status == StatusCode::NOT_MODIFIED {
            return response.finish();
        }
        if head {
            return response.header(header::CONTENT_LENGTH, length).finish();
        }
        if truncated {
            return response
                .header(header::CONTENT_LENGTH, length)
                .body(broken_off(self.body));
        }
        response.body(self.body)
    }
}

/// The first half of `bytes`, then a cut connection.
fn broken_off(mut bytes: Vec<u8>) -> Body {
    bytes.truncate(bytes.len() / 2);
    let cut = async {
        // The first half leaves the buffer only when there is nothing more to write for now.
        tokio::task::yield_now().await;
        let kind = io::ErrorKind::ConnectionReset;
        Err(io::Error::new(kind, "the body breaks off here"))
    };
    Body::from_bytes_stream(stream::iter([Ok(bytes)]).chain(stream::once(cut)))
}
