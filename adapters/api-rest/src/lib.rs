//! The REST interface and its OpenAPI document.
//!
//! [`endpoint`] is the whole HTTP interface over an [`App`]; [`openapi`] is the contract of the same operations, built over
//! nothing. Each operation is one file under `operations/`: what it takes, what it answers, and one call of the core. It gets
//! the application from the request, which is why the operations, and so the document, exist without one.
//!
//! What holds for every request (who may, how large, how long, in which words errors are told) is in `edge`.

mod access;
mod docs;
mod document;
mod edge;
mod operations;
mod permitted;
mod problem;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use poem::{Endpoint, EndpointExt, IntoEndpoint, IntoResponse, Request, Response, Route, get};
use registrywatcher::app::App;

pub use access::{Access, AccessSettings, LoginRefused};
pub use document::openapi;
pub use edge::{Origin, ParseOriginError};

/// Where the document is served.
const DOCUMENT: &str = "/openapi.json";

/// Limits of the server that serves the interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerInfo {
    /// The largest body of a request.
    pub max_body_bytes: usize,
    /// How long a request may take; streams of events go on as long as they may.
    pub request_timeout: Duration,
    /// How many streams of events may be open at the same time.
    pub max_event_streams: usize,
    /// Whose pages may use the interface from a browser, besides its own; none unless they are named.
    pub cors_origins: Vec<Origin>,
}

/// Writes what is measured, in the text format of Prometheus; called for each request of `/metrics`.
pub type Exposition = Arc<dyn Fn() -> String + Send + Sync>;

/// The whole HTTP interface.
///
/// While `access` is open every caller may do everything, so that the server must be bound to loopback; requests are then
/// refused unless they name a loopback host, or a page elsewhere could reach it through a name that resolves to loopback.
pub fn endpoint(
    app: Arc<App>,
    access: Arc<Access>,
    info: ServerInfo,
    metrics: Exposition,
) -> impl Endpoint + use<> {
    let document = openapi();
    let methods = edge::Methods::of(&document)
        .with(DOCUMENT, "GET")
        .with(docs::PAGE, "GET")
        .with(docs::STYLE, "GET");
    let streams = operations::Streams::new(info.max_event_streams, Arc::clone(&access));
    let operations = document::service()
        .into_endpoint()
        .data(app)
        .data(streams)
        .data(info.clone())
        .data(metrics)
        .data(Arc::clone(&access));
    let operations = Arc::new(operations);
    let others = Route::new()
        .at(DOCUMENT, get(document::serve(&document)))
        .at(docs::PAGE, get(docs::serve(&document)))
        .at(docs::STYLE, get(docs::serve_style()))
        .nest("/", Arc::clone(&operations));
    let bodies = edge::Bodies::of(&document);
    let routes = Routes { operations, others };
    edge::Edge::around(routes, methods, bodies, info, access)
}

/// Everything that is served.
struct Routes<O> {
    /// The operations.
    operations: Arc<O>,
    /// They too, and what stands beside them.
    others: Route,
}

impl<O: Endpoint> Endpoint for Routes<O> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        // Nothing else is there, and to look for it costs more than to find the operation.
        if request.uri().path().starts_with("/api/v1/") {
            return Ok(self.operations.call(request).await?.into_response());
        }
        self.others.call(request).await
    }
}
