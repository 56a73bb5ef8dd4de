//! What holds for every request: who may reach us, how large and how long, and in which words errors are told.

mod body;
mod cors;
mod fields;
mod methods;
mod origin;
mod request_id;

use std::any::Any;
use std::sync::Arc;

use poem::http::header::ALLOW;
use poem::http::{Method, StatusCode};
use poem::middleware::{CatchPanic, NormalizePath, TrailingSlash};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};
use poem_openapi::error::ParseRequestPayloadError;
use tracing::Instrument;

use crate::ServerInfo;
use crate::access::Access;
use crate::problem::{Dialect, Fault, Kind};
use request_id::RequestId;

pub use cors::{Origin, ParseOriginError};
pub(crate) use fields::Bodies;
pub(crate) use methods::Methods;

/// The operations behind everything that holds for each of them.
pub(crate) struct Edge<E> {
    operations: E,
    methods: Methods,
    bodies: Bodies,
    limits: ServerInfo,
    /// While it is open, only requests to a loopback host are answered.
    access: Arc<Access>,
}

/// Marks the answer that stands in for one whose making panicked.
#[derive(Clone, Copy)]
struct Panicked;

impl Edge<()> {
    pub(crate) fn around(
        operations: impl Endpoint,
        methods: Methods,
        bodies: Bodies,
        limits: ServerInfo,
        access: Arc<Access>,
    ) -> Edge<impl Endpoint> {
        let operations = NormalizePath::new(TrailingSlash::Trim).transform(operations);
        Edge {
            operations: CatchPanic::new()
                .with_handler(stand_in)
                .transform(operations),
            methods,
            bodies,
            limits,
            access,
        }
    }
}

fn stand_in(_panic: Box<dyn Any + Send>) -> Response {
    let mut response = Response::default();
    response.set_data(Panicked);
    response
}

impl<E: Endpoint> Endpoint for Edge<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let id = RequestId::of(&request);
        let method = request.method().clone();
        let uri = request.uri().clone();
        let path = uri.path();
        let span = tracing::info_span!("request", request.id = %id, http.method = %method, http.path = path);
        let origins = &self.limits.cors_origins;
        let invited = cors::invited(&request, origins);
        async {
            let mut response = match self.serve(request, invited.is_some()).await {
                Ok(response) => response,
                Err(fault) => self.tell(fault, path, &id),
            };
            if let Some(origin) = invited {
                cors::invite(origin, response.headers_mut());
            }
            if !origins.is_empty() {
                cors::vary(response.headers_mut());
            }
            response
                .headers_mut()
                .insert(request_id::HEADER, id.into_header());
            log(&method, path, response.status());
            Ok(response)
        }
        .instrument(span)
        .await
    }
}

impl<E: Endpoint> Edge<E> {
    async fn serve(&self, request: Request, is_invited: bool) -> Result<Response, Fault> {
        let limit = self.limits.request_timeout;
        let timed_out = |_| {
            let detail = format!("it took longer than {} s", limit.as_secs_f32());
            Fault::new(Kind::TimedOut, detail)
        };
        tokio::time::timeout(limit, self.serve_patiently(request, is_invited))
            .await
            .map_err(timed_out)?
    }

    async fn serve_patiently(
        &self,
        mut request: Request,
        is_invited: bool,
    ) -> Result<Response, Fault> {
        if self.access.is_open() {
            origin::check_host(&request)?;
        }
        if is_invited {
            let methods = self.methods.allowed(request.uri().path());
            if let Some(methods) = methods.filter(|_| cors::is_preflight(&request)) {
                return Ok(cors::preflight(methods));
            }
        } else {
            origin::check_origin(&request)?;
        }
        let body = body::read(&mut request, self.limits.max_body_bytes).await?;
        let body = body.as_ref().map_or(&[][..], AsRef::as_ref);
        self.operate(request, body).await
    }

    async fn operate(&self, request: Request, body: &[u8]) -> Result<Response, Fault> {
        let of_body =
            (!body.is_empty()).then(|| (request.method().clone(), request.uri().path().to_owned()));
        let answered = self.operations.call(request).await;
        let response = answered.map_err(|error| {
            let of_body = of_body.filter(|_| error.is::<ParseRequestPayloadError>());
            let fault = Fault::from(error);
            match of_body {
                Some((method, path)) => fault.with_parts(self.bodies.faults(&method, &path, body)),
                None => fault,
            }
        });
        let response = response?.into_response();
        if response.data::<Panicked>().is_some() {
            let detail = "the operation broke off; the log says more under this request's id";
            return Err(Fault::new(Kind::Internal, detail));
        }
        Ok(response)
    }

    fn tell(&self, fault: Fault, path: &str, id: &RequestId) -> Response {
        if fault.kind.status().is_server_error() {
            tracing::warn!(problem = fault.kind.name(), "{}", fault.detail);
        }
        let kind = fault.kind;
        let mut response = Dialect::of_path(path).tell(fault, id.as_str());
        if kind == Kind::MethodNotAllowed
            && let Some(methods) = self.methods.allowed(path)
        {
            response.headers_mut().insert(ALLOW, methods.clone());
        }
        response
    }
}

/// One line for each request; those that change nothing and succeed are for the curious.
fn log(method: &Method, path: &str, status: StatusCode) {
    let status = status.as_u16();
    if method.is_safe() && status < 400 {
        tracing::debug!(http.status = status, "{method} {path}: {status}");
    } else {
        tracing::info!(http.status = status, "{method} {path}: {status}");
    }
}
