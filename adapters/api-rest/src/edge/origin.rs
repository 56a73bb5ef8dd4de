use std::net::IpAddr;

use poem::Request;
use poem::http::Method;
use poem::http::header::{HOST, ORIGIN};
use poem::http::uri::Authority;

use crate::problem::{Fault, Kind};

/// Refuses a request that names another host than a loopback one.
///
/// A name of somebody else's may resolve to 127.0.0.1 (DNS rebinding), and a page under that name then shares our origin.
/// What it cannot do is change the `Host` that the browser sends.
pub(super) fn check_host(request: &Request) -> Result<(), Fault> {
    let named = host(request);
    if named
        .as_ref()
        .is_some_and(|authority| is_loopback(authority.host()))
    {
        return Ok(());
    }
    let named = named.map_or_else(
        || "no host".to_owned(),
        |authority| format!("`{authority}`"),
    );
    let detail =
        format!("the request names {named}; without any token only a loopback host is answered");
    Err(Fault::new(Kind::ForeignHost, detail))
}

/// Refuses a change that a page of another origin sent.
///
/// Browsers say where a request comes from, in `Sec-Fetch-Site` or at least in `Origin`; other clients say nothing.
pub(super) fn check_origin(request: &Request) -> Result<(), Fault> {
    if matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    ) {
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
    let detail = "a page of another site sent this, and such pages may change nothing";
    Err(Fault::new(Kind::CrossSite, detail))
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
