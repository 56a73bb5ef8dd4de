use poem::{FromRequest, Request, http::Method, web::Form};

/// A request, read.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    /// As it was sent, for a `Link` that leads back to the page it stands on.
    pub(super) raw_query: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) form: Vec<(String, String)>,
    pub(super) authorization: Option<String>,
    pub(super) accept: Vec<String>,
    pub(super) if_none_match: Vec<String>,
}

/// The nouns that the registry serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource<'a> {
    Ping,
    Token,
    Tags {
        repository: &'a str,
    },
    Manifest {
        repository: &'a str,
        reference: &'a str,
    },
    Blob {
        repository: &'a str,
        digest: &'a str,
    },
    Unknown,
}

impl Call {
    pub(super) async fn read(request: Request) -> Self {
        let (request, mut body) = request.split();
        let form = Form::from_request(&request, &mut body).await;
        let header = |name: &str| -> Vec<String> {
            let lines = request.headers().get_all(name).iter();
            lines
                .filter_map(|line| line.to_str().ok().map(str::to_owned))
                .collect()
        };
        Self {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            raw_query: request.uri().query().unwrap_or_default().to_owned(),
            query: request.params().unwrap_or_default(),
            authorization: header("authorization").into_iter().next(),
            accept: header("accept"),
            if_none_match: header("if-none-match"),
            form: form.map(|Form(pairs)| pairs).unwrap_or_default(),
        }
    }

    pub(super) fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }

    pub(super) fn query(&self, name: &str) -> Option<&str> {
        let mut named = self.query.iter().filter(|(key, _)| key == name);
        named.next().map(|(_, value)| value.as_str())
    }

    pub(super) fn resource(&self) -> Resource<'_> {
        match self.path.as_str() {
            "/v2/" => return Resource::Ping,
            "/token" => return Resource::Token,
            _ => {}
        }
        let Some(path) = self.path.strip_prefix("/v2/") else {
            return Resource::Unknown;
        };
        if let Some(repository) = path.strip_suffix("/tags/list") {
            return Resource::Tags { repository };
        }
        if let Some((repository, reference)) = path.rsplit_once("/manifests/") {
            return Resource::Manifest {
                repository,
                reference,
            };
        }
        match path.rsplit_once("/blobs/") {
            Some((repository, digest)) => Resource::Blob { repository, digest },
            None => Resource::Unknown,
        }
    }

    /// Whether the client takes this media type. Every `Accept` line counts; quality values are not weighed.
    pub(super) fn accepts(&self, media_type: &str) -> bool {
        let offers = self.accept.iter().flat_map(|line| line.split(','));
        let mut names = offers.map(|offer| offer.split(';').next().unwrap_or_default().trim());
        self.accept.is_empty() || names.any(|name| name == media_type || name == "*/*")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(path: &str) -> Call {
        Call {
            method: Method::GET,
            path: path.to_owned(),
            raw_query: String::new(),
            query: Vec::new(),
            form: Vec::new(),
            authorization: None,
            accept: Vec::new(),
            if_none_match: Vec::new(),
        }
    }

    #[test]
    fn a_repository_may_have_slashes() {
        assert_eq!(
            call("/v2/team/app/web/manifests/v1").resource(),
            Resource::Manifest {
                repository: "team/app/web",
                reference: "v1"
            }
        );
        assert_eq!(
            call("/v2/team/app/tags/list").resource(),
            Resource::Tags {
                repository: "team/app"
            }
        );
    }

    #[test]
    fn what_is_outside_the_api_is_unknown() {
        for path in ["/", "/v1/search", "/v2/_catalog"] {
            assert_eq!(call(path).resource(), Resource::Unknown, "{path}");
        }
    }
}
