//! One listener for the pages and the API.

use std::net::IpAddr;
use std::sync::Arc;

use poem::{Endpoint, IntoResponse, Request, Response};
use registrywatcher::token::{Token, TokenHash};
use registrywatcher_api_rest::{Access, LoginRefused};
use registrywatcher_ui_web::{Door, Refused, serves};

/// The pages, and the API under every path that is not a page's.
pub(crate) struct Site<P, A> {
    pub(crate) pages: P,
    pub(crate) api: A,
}

impl<P: Endpoint, A: Endpoint> Endpoint for Site<P, A> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if serves(request.uri().path()) {
            return Ok(self.pages.call(request).await?.into_response());
        }
        Ok(self.api.call(request).await?.into_response())
    }
}

/// Lets whoever may use the API see the pages.
pub(crate) struct AccessDoor(pub(crate) Arc<Access>);

impl Door for AccessDoor {
    fn is_open(&self) -> bool {
        self.0.is_open()
    }

    fn admit(&self, secret: &str, from: Option<IpAddr>) -> Result<Arc<Token>, Refused> {
        let admitted = self.0.log_in_elsewhere(secret, from);
        admitted.map_err(|refused| match refused {
            LoginRefused::Unknown => Refused::Unknown,
            LoginRefused::TooMany { retry_after } => Refused::TooMany { retry_after },
        })
    }

    fn token(&self, hash: &TokenHash) -> Option<Arc<Token>> {
        self.0.token(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_of_the_api_is_that_of_a_page() {
        let document = registrywatcher_api_rest::openapi();
        let paths = document["paths"].as_object().unwrap();
        assert!(paths.contains_key("/tags/{repo}"), "the document has paths");
        let others = ["/openapi.json", "/docs", "/docs/style.css", "/hooks/web"];
        let paths = paths.keys().map(String::as_str).chain(others);
        let taken: Vec<&str> = paths.filter(|path| serves(path)).collect();
        assert!(taken.is_empty(), "{taken:?}");
    }
}
