//! The OpenAPI document as a page for people.
//!
//! The page is written once, when the server starts, from the document itself: it holds no script, loads nothing but its style
//! sheet, and needs no other address. It is as public as the document.

mod markup;
mod operation;
mod page;
mod schema;

use poem::http::HeaderValue;
use poem::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use poem::{Endpoint, Response, endpoint::make_sync};
use serde_json::Value;

/// Where the page is served.
pub(crate) const PAGE: &str = "/docs";

/// Where its style sheet is served.
pub(crate) const STYLE: &str = "/docs/style.css";

/// Nothing is loaded but the style sheet, nothing runs, and nobody shows the page as a part of theirs.
const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Serves the page of `document`.
pub(crate) fn serve(document: &Value) -> impl Endpoint + use<> {
    serve_text("text/html; charset=utf-8", page::write(document))
}

/// Serves the style sheet of the page.
pub(crate) fn serve_style() -> impl Endpoint + use<> {
    let style = include_str!("docs/style.css");
    serve_text("text/css; charset=utf-8", style.to_owned())
}

fn serve_text(content_type: &'static str, text: String) -> impl Endpoint + use<> {
    make_sync(move |_| {
        let mut response = Response::builder()
            .content_type(content_type)
            .body(text.clone());
        let headers = response.headers_mut();
        for (name, value) in [
            (CONTENT_SECURITY_POLICY, POLICY),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (REFERRER_POLICY, "no-referrer"),
            // Another version of the service has another page under the same address.
            (CACHE_CONTROL, "no-cache"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    })
}
