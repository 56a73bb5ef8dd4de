#![expect(
    clippy::needless_pass_by_value,
    reason = "a handler owns what is taken from its request"
)]

use std::net::IpAddr;
use std::sync::Arc;

use askama::Template;
use poem::http::header::{RETRY_AFTER, SET_COOKIE};
use poem::http::uri::PathAndQuery;
use poem::http::{HeaderValue, StatusCode};
use poem::web::Data;
use poem::{Addr, IntoResponse, Request, Response, handler};
use url::form_urlencoded;

use crate::door::Refused;
use crate::edge::{Fields, see_other};
use crate::fault::Fault;
use crate::frame::{Frame, Here, Page};
use crate::session;
use crate::site::Site;
use crate::visitor::Visitor;

/// Where people sign in.
pub(crate) const PATH: &str = "/sign-in";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    frame: Frame,
    /// Where to go once signed in.
    then: String,
    problem: Option<String>,
}

/// Sends somebody who is not signed in to where they can, and back to where they wanted to go.
pub(crate) fn lead_there(request: &Request) -> Response {
    let wanted = request.uri().path_and_query().map(PathAndQuery::as_str);
    see_other(&address(wanted.filter(|path| *path != "/"), false))
}

fn address(then: Option<&str>, begun: bool) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(then) = then {
        query.append_pair("then", then);
    }
    if begun {
        query.append_pair("begun", "1");
    }
    let query = query.finish();
    let separator = if query.is_empty() { "" } else { "?" };
    format!("{PATH}{separator}{query}")
}

/// The form; whoever is signed in already goes on.
#[handler]
pub(crate) fn show(site: Data<&Arc<Site>>, request: &Request) -> Result<Response, Fault> {
    let query = Fields::of_query(request);
    let then = local(query.get("then"));
    if request.data::<Visitor>().is_some() {
        return Ok(see_other(&then));
    }
    // Somebody whose token was right has no session: their browser did not keep the cookie.
    let lost = "Your token is right, but your browser did not keep the session. Over plain HTTP it does so for an address of this \
                machine alone: use HTTPS, or http://localhost.";
    let problem = query.get("begun").map(|_| lost.to_owned());
    let frame = Frame::new(&site, None, Here::Nowhere, "Sign in").with_notice(query.get("did"));
    let page = SignIn {
        frame,
        then,
        problem,
    };
    Ok(Page::of(&page)?.into_response())
}

/// Begins a session.
#[handler]
pub(crate) async fn sign_in(
    site: Data<&Arc<Site>>,
    form: Data<&Fields>,
    request: &Request,
) -> Result<Response, Fault> {
    let then = local(form.get("then"));
    let secret = form.get("token").unwrap_or_default();
    match site.door.admit(secret, remote(request)) {
        Ok(token) => {
            let cookie = session::begin(&site, &token).await?;
            tracing::info!(token.name = %token.name, "`{}` signed in", token.name);
            let mut response = see_other(&address(Some(&then), true));
            response.headers_mut().insert(SET_COOKIE, cookie);
            Ok(response)
        }
        Err(refused) => refuse(&site, then, refused),
    }
}

fn refuse(site: &Site, then: String, refused: Refused) -> Result<Response, Fault> {
    let (status, problem, wait) = match refused {
        Refused::Unknown => (
            StatusCode::UNAUTHORIZED,
            "This token is not known, or no longer accepted.",
            None,
        ),
        Refused::TooMany { retry_after } => (
            StatusCode::TOO_MANY_REQUESTS,
            "Too many sign-ins from your address failed. Wait a minute, then try again.",
            retry_after,
        ),
    };
    let page = SignIn {
        frame: Frame::new(site, None, Here::Nowhere, "Sign in"),
        then,
        problem: Some(problem.to_owned()),
    };
    let mut response = Page::of(&page)?.into_response();
    response.set_status(status);
    if let Some(wait) = wait {
        let seconds = HeaderValue::from(wait.as_secs());
        response.headers_mut().insert(RETRY_AFTER, seconds);
    }
    Ok(response)
}

/// Ends the session.
#[handler]
pub(crate) async fn sign_out(site: Data<&Arc<Site>>, request: &Request) -> Result<Response, Fault> {
    let cookie = session::end(&site, request).await?;
    let mut response = see_other("/sign-in?did=sign-out");
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(response)
}

/// An address of ours to go to; nobody is sent elsewhere.
fn local(then: Option<&str>) -> String {
    let is_ours = |path: &&str| {
        let begins = path.starts_with('/') && !path.starts_with("//");
        begins && !path.contains('\\') && !path.contains(char::is_control)
    };
    then.filter(is_ours).unwrap_or("/").to_owned()
}

/// The address it comes from; no header that the client could make up is believed.
fn remote(request: &Request) -> Option<IpAddr> {
    match &request.remote_addr().0 {
        Addr::SocketAddr(address) => Some(address.ip()),
        _ => None,
    }
}
