use std::net::IpAddr;

use poem::Request;
use poem::http::StatusCode;
use poem::http::header::{HOST, ORIGIN};
use poem::http::uri::Authority;

use crate::fault::Fault;

/// Refuses a request that names another host than a loopback one.
///
/// A name of somebody else's may resolve to 127.0.0.1 (DNS rebinding), and a page under that name then shares our origin.
/// What it cannot do is change the `Host` that the browser sends.
pub(super) fn check_host(request: &Request) -> Result<(), Fault> {
    let named = host(request);
    if named.is_some_and(|authority| is_loopback(authority.host())) {
        return Ok(());
    }
    let detail = "While there is no token, only addresses of this machine are answered, such as http://localhost.";
    Err(Fault::new(
        StatusCode::FORBIDDEN,
        "This address is not answered.",
        detail,
    ))
}

/// Refuses a change that a page of another origin sent.
///
/// Browsers say where a request comes from, in `Sec-Fetch-Site` or at least in `Origin`; other clients say nothing, and need the
/// secret of a form as everybody does.
pub(super) fn check_origin(request: &Request) -> Result<(), Fault> {
    if request.method().is_safe() {
        return Ok(());
    }
    let is_ours = match (request.header("sec-fetch-site"), request.header(ORIGIN)) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => origin
            .split_once("://")
            .and_then(|(_, authority)| authority.parse::<Authority>().ok())
            .is_some_and(|origin| Some(origin) == host(request)),
        (None, None) => true,
    };
    if is_ours {
        return Ok(());
    }
    let detail = "A page of another site sent it, and such pages may change nothing here.";
    Err(Fault::new(
        StatusCode::FORBIDDEN,
        "This form is not accepted.",
        detail,
    ))
}

fn host(request: &Request) -> Option<Authority> {
    match request.header(HOST) {
        Some(host) => host.parse().ok(),
        None => request.uri().authority().cloned(),
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
