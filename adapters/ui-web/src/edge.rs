//! What holds for every request: who it is, where it comes from, and which headers its answer has.

mod call;
mod fields;
mod headers;
mod origin;
mod trouble;

use std::sync::Arc;

use poem::http::{Method, StatusCode, header};
use poem::middleware::CatchPanic;
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};
use subtle::ConstantTimeEq as _;
use tracing::Instrument as _;

use crate::assets;
use crate::fault::Fault;
use crate::pages::sign_in;
use crate::site::Site;
use crate::visitor::Visitor;

pub(crate) use call::Call;
pub(crate) use fields::Fields;

/// The field of a form that proves that it stood on a page of ours.
pub(crate) const FORM_TOKEN: &str = "form_token";

/// The pages behind everything that holds for each of them.
pub(crate) struct Edge<E> {
    pages: E,
    site: Arc<Site>,
}

impl Edge<()> {
    pub(crate) fn around(pages: impl Endpoint, site: Site) -> Edge<impl Endpoint> {
        let stand_in = |_| StatusCode::INTERNAL_SERVER_ERROR.into_response();
        Edge {
            pages: CatchPanic::new().with_handler(stand_in).transform(pages),
            site: Arc::new(site),
        }
    }
}

impl<E: Endpoint> Endpoint for Edge<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let span = tracing::info_span!("page", http.method = %method, http.path = uri.path());
        let limit = self.site.settings.request_timeout;
        let serving = tokio::time::timeout(limit, self.serve(request));
        let mut response = serving
            .instrument(span)
            .await
            .unwrap_or_else(|_| trouble::page(&self.site, None, &trouble::timed_out()));
        headers::protect(response.headers_mut());
        log(&method, uri.path(), response.status());
        Ok(response)
    }
}

impl<E: Endpoint> Edge<E> {
    async fn serve(&self, request: Request) -> Response {
        let path = request.uri().path();
        if path.starts_with(assets::PREFIX) {
            return assets::serve(path);
        }
        let mut visitor = None;
        match self.serve_page(request, &mut visitor).await {
            Ok(response) => response,
            Err(error) => trouble::page(&self.site, visitor.as_ref(), &error),
        }
    }

    /// Leaves in `visitor` who it is, also if there is no page for them.
    async fn serve_page(
        &self,
        mut request: Request,
        visitor: &mut Option<Visitor>,
    ) -> poem::Result<Response> {
        let site = &self.site;
        if site.door.is_open() {
            origin::check_host(&request)?;
        }
        origin::check_origin(&request)?;
        let form = fields::read(&mut request, site.settings.max_body_bytes).await?;
        *visitor = crate::visitor::of(site, &request).await?;
        let is_change = !request.method().is_safe();
        let signs_in = request.uri().path() == sign_in::PATH;
        match visitor {
            Some(visitor) => {
                if is_change && !signs_in {
                    check_form(visitor, &form)?;
                }
                request.set_data(visitor.clone());
            }
            None if signs_in => {}
            None if is_change => return Err(trouble::session_over().into()),
            None => return Ok(sign_in::lead_there(&request)),
        }
        request.set_data(form);
        request.set_data(Arc::clone(site));
        Ok(self.pages.call(request).await?.into_response())
    }
}

/// Refuses a form that did not stand on a page which was made for this visitor.
fn check_form(visitor: &Visitor, form: &Fields) -> Result<(), Fault> {
    let given = form.get(FORM_TOKEN).unwrap_or_default();
    let is_ours = bool::from(given.as_bytes().ct_eq(visitor.form_token.as_bytes()));
    if is_ours && !given.is_empty() {
        return Ok(());
    }
    let detail = "It stood on a page that was made for another session, or before the service was started again. Nothing was done: \
                  go back, load the page anew, and try again.";
    Err(Fault::new(
        StatusCode::FORBIDDEN,
        "This form is not accepted.",
        detail,
    ))
}

/// Answers a form: with a page to look at, so that loading it anew sends nothing again.
pub(crate) fn see_other(path: &str) -> Response {
    Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header(header::LOCATION, path)
        .finish()
}

/// One line for each request; those that change nothing and succeed are for the curious.
fn log(method: &Method, path: &str, status: StatusCode) {
    let status = status.as_u16();
    if method.is_safe() && status < 500 {
        tracing::debug!(http.status = status, "{method} {path}: {status}");
    } else {
        tracing::info!(http.status = status, "{method} {path}: {status}");
    }
}
