use std::net::IpAddr;

use poem::http::header::AUTHORIZATION;
use poem::{Addr, Request};

/// What a request presents to be let in.
#[derive(Clone, Copy)]
pub(crate) struct Presented<'a> {
    /// The token.
    pub(super) bearer: Option<&'a str>,
    /// The address it comes from; no header that the client could make up is believed.
    pub(super) from: Option<IpAddr>,
}

impl<'a> Presented<'a> {
    pub(crate) fn by(request: &'a Request) -> Self {
        let from = match &request.remote_addr().0 {
            Addr::SocketAddr(address) => Some(address.ip()),
            _ => None,
        };
        Self {
            bearer: request.header(AUTHORIZATION).and_then(token),
            from,
        }
    }
}

fn token(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
