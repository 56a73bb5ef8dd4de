use std::time::Duration;

use futures::stream::{self, StreamExt};
use poem::http::HeaderValue;
use poem::http::header::CACHE_CONTROL;
use poem::web::sse::{Event, SSE};
use poem::{IntoResponse, Response};
use poem_openapi::payload::Payload;
use poem_openapi::registry::MetaSchemaRef;
use poem_openapi::types::Type;
use tokio::sync::mpsc;

/// How soon something is sent, were it only a comment: proxies and clients give up a silent connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// After how many milliseconds a client comes back whose stream ended.
const COMES_BACK_AFTER: u64 = 3000;

/// Server-Sent Events, as they are told by a task.
///
/// To the document it is text. The framework's own stream is told as an array of events, which a generated client would wait
/// for the end of; what the text holds is described in words, as this version of OpenAPI cannot.
pub(super) struct EventStream(pub(super) mpsc::Receiver<Event>);

impl Payload for EventStream {
    const CONTENT_TYPE: &'static str = "text/event-stream";

    fn schema_ref() -> MetaSchemaRef {
        String::schema_ref()
    }
}

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        let first = stream::iter([Event::retry(COMES_BACK_AFTER)]);
        let rest = stream::unfold(self.0, async |mut told| {
            let event = told.recv().await?;
            Some((event, told))
        });
        let mut response = SSE::new(first.chain(rest))
            .keep_alive(KEEP_ALIVE)
            .into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // A proxy such as nginx would otherwise collect events before it passes them on.
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        response
    }
}
