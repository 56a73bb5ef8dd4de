use std::time::Duration;

/// How the registry behaves when nothing is wrong.
#[derive(Debug, Clone, Default)]
pub struct RegistrySettings {
    /// At most this many tags a page, with a `Link` to the next; `None` answers with all of them, whatever `n` says,
    /// as distribution 2.8 does.
    pub page_size: Option<usize>,
    /// An `n` above this is refused with 400, as ECR does.
    pub largest_n: Option<usize>,
    /// How the `Link` to the next page is spelled.
    pub link_style: LinkStyle,
    /// Whether tags are listed in ASCII order, as the specification asks, or in the order of their first push.
    pub sorted: bool,
    /// Who may pull.
    pub authentication: Authentication,
    /// A pull limit as Docker Hub has it: a manifest GET counts, a HEAD does not.
    pub quota: Option<Quota>,
}

/// The spellings of a `Link` header that are met in the wild.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LinkStyle {
    /// `</v2/a/tags/list?last=1&n=2>; rel="next"`
    #[default]
    Relative,
    /// The whole address.
    Absolute,
    /// An address with a scheme and host that only the inside of a reverse proxy knows.
    ForeignHost,
    /// No quotes around `next`.
    Unquoted,
    /// A link that leads to the page it stands on.
    SelfReferencing,
}

/// Who may pull.
#[derive(Debug, Clone, Default)]
pub enum Authentication {
    #[default]
    Anonymous,
    Basic {
        username: String,
        password: String,
    },
    /// The token endpoint is `/token` of the registry itself.
    Bearer {
        service: String,
        /// `None` gives a token to everybody, as Docker Hub does for public repositories.
        credentials: Option<(String, String)>,
        /// What the `OAuth2` flow accepts as `refresh_token`.
        identity_token: Option<String>,
        /// How long a token is good; `None` leaves the member out, which means a minute.
        expires_in: Option<Duration>,
        members: TokenMembers,
    },
}

impl Authentication {
    /// Bearer tokens of five minutes, for `credentials` or for everybody.
    pub fn bearer(service: &str, credentials: Option<(&str, &str)>) -> Self {
        Self::Bearer {
            service: service.to_owned(),
            credentials: credentials.map(|(user, password)| (user.to_owned(), password.to_owned())),
            identity_token: None,
            expires_in: Some(Duration::from_mins(5)),
            members: TokenMembers::default(),
        }
    }

    pub fn basic(username: &str, password: &str) -> Self {
        Self::Basic {
            username: username.to_owned(),
            password: password.to_owned(),
        }
    }
}

/// Under which names the token endpoint returns the token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TokenMembers {
    #[default]
    Both,
    /// Only `token`.
    Token,
    /// Only `access_token`, as Azure's registry does.
    AccessToken,
}

/// A pull limit in a window of time.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    pub limit: u32,
    pub window: Duration,
}

/// What goes wrong. A count strikes the next so many requests, [`ALWAYS`](crate::ALWAYS) every one.
#[derive(Debug, Clone)]
pub struct RegistryFaults {
    /// Requests answered with 429.
    pub rate_limited: u32,
    /// The `Retry-After` of such an answer: seconds, an HTTP date, or none.
    pub retry_after: Option<String>,
    /// Requests answered with [`failing_status`](Self::failing_status).
    pub failing: u32,
    pub failing_status: u16,
    /// How long every answer takes.
    pub delay: Option<Duration>,
    /// Bodies that break off in the middle.
    pub truncated_bodies: u32,
    /// Pages after the first that are 404, as zot answers when the tag in `last` was deleted meanwhile.
    pub lost_pages: u32,
    /// No `Docker-Content-Digest` header.
    pub no_digest_header: bool,
    /// HEAD is answered with 405.
    pub no_head: bool,
}

impl Default for RegistryFaults {
    fn default() -> Self {
        Self {
            rate_limited: 0,
            retry_after: None,
            failing: 0,
            failing_status: 503,
            delay: None,
            truncated_bodies: 0,
            lost_pages: 0,
            no_digest_header: false,
            no_head: false,
        }
    }
}
