//! One listener for the pages and the API.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use poem::http::header::ACCEPT;
use poem::{Endpoint, IntoResponse, Request, Response};
use registrywatcher::token::{Token, TokenHash};
use registrywatcher_api_rest::{Access, LoginRefused};
use registrywatcher_ui_web::{Door, Refused, serves};

/// The pages, and the API under every path that is not a page's.
pub(crate) struct Site<P, A> {
    pages: P,
    api: A,
    /// What the paths of the API begin with.
    beginnings: BTreeSet<String>,
}

/// The paths of the API that its document does not name.
const UNDOCUMENTED: [&str; 3] = ["/docs", "/hooks", "/openapi.json"];

impl<P, A> Site<P, A> {
    pub(crate) fn new(pages: P, api: A) -> Self {
        let document = registrywatcher_api_rest::openapi();
        let documented = document["paths"].as_object().into_iter().flatten();
        let paths = documented.map(|(path, _)| path.as_str());
        let beginnings = paths.chain(UNDOCUMENTED).map(beginning);
        Self {
            pages,
            api,
            beginnings: beginnings.map(str::to_owned).collect(),
        }
    }

    /// Whether it is for the pages to answer: a mistyped address, too, where somebody looks at it with a browser.
    fn is_for_pages(&self, request: &Request) -> bool {
        let path = request.uri().path();
        serves(path) || (!self.beginnings.contains(beginning(path)) && wants_a_page(request))
    }
}

fn beginning(path: &str) -> &str {
    path.trim_start_matches('/')
        .split('/')
        .next()
        .unwrap_or(path)
}

fn wants_a_page(request: &Request) -> bool {
    request
        .header(ACCEPT)
        .is_some_and(|accepted| accepted.contains("text/html"))
}

impl<P: Endpoint, A: Endpoint> Endpoint for Site<P, A> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if self.is_for_pages(&request) {
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

    use poem::handler;

    #[handler]
    fn page() -> &'static str {
        "page"
    }

    #[handler]
    fn api() -> &'static str {
        "api"
    }

    #[tokio::test]
    async fn a_browser_is_told_by_a_page_that_there_is_none() {
        let site = Site::new(page, api);
        let cases = [
            ("/", "*/*", "page"),
            ("/watches/web", "application/json", "page"),
            ("/nothing", "text/html,*/*;q=0.8", "page"),
            ("/nothing", "*/*", "api"),
            ("/api/v1/nothing", "text/html", "api"),
            ("/tags/acme", "text/html", "api"),
            ("/docs/style.css", "text/html", "api"),
            ("/openapi.json", "text/html", "api"),
        ];
        for (path, accepted, answered) in cases {
            let request = Request::builder().uri_str(path).header(ACCEPT, accepted);
            let answer = site.call(request.finish()).await.unwrap();
            let body = answer.into_body().into_string().await.unwrap();
            assert_eq!(body, answered, "{path}");
        }
    }

    #[test]
    fn no_path_of_the_api_is_that_of_a_page() {
        let site = Site::new((), ());
        assert!(site.beginnings.contains("tags"), "the document has paths");
        let taken: Vec<&String> = site.beginnings.iter().filter(|path| serves(path)).collect();
        assert!(taken.is_empty(), "{taken:?}");
    }
}
