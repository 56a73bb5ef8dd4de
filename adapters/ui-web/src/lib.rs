//! The pages for people: what is deployed and why, and the few things to do about it.
//!
//! Every page is rendered here and works without JavaScript: what changes something is a form, which asks once, says what
//! will happen, and leads back to a page. A little script makes the pages live, by events of the server, and lets them ask in
//! a dialog. Everything is in the binary, and nothing is fetched from elsewhere.
//!
//! What holds for every request (who it is, where it comes from, which headers its answer has) is in `edge`.

mod actions;
mod assets;
mod attention;
mod door;
mod edge;
mod fault;
mod frame;
mod live;
mod moment;
mod pages;
mod parts;
mod routes;
mod sentence;
mod session;
mod site;
mod visitor;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use poem::Endpoint;
use registrywatcher::app::App;
use registrywatcher::ports::{Clock, Sessions};
use registrywatcher::watch::{DeployerName, LinkTemplate};

pub use door::{Door, Refused};
pub use routes::serves;

/// What the pages are made with.
#[derive(Clone)]
pub struct Parts {
    /// What there is to show, and to do.
    pub app: Arc<App>,
    /// Who may come in.
    pub door: Arc<dyn Door>,
    /// Remembers who has.
    pub sessions: Arc<dyn Sessions>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts")
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}

/// Limits of the pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whether the cookie of a session is only sent over TLS, or to a loopback address.
    pub secure_cookies: bool,
    /// How long a session lasts that nobody uses.
    pub session_idle: Duration,
    /// How long a session lasts at most.
    pub session_lifetime: Duration,
    /// How long a request may take; streams of events go on as long as they may.
    pub request_timeout: Duration,
    /// The largest body of a request.
    pub max_body_bytes: usize,
    /// How many pages may be followed live at the same time; others are fetched anew now and then.
    pub max_event_streams: usize,
    /// Where people look at the workloads of a deployer.
    pub links: BTreeMap<DeployerName, LinkTemplate>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            secure_cookies: true,
            session_idle: Duration::from_hours(12),
            session_lifetime: Duration::from_hours(24 * 7),
            request_timeout: Duration::from_secs(30),
            max_body_bytes: 64 << 10,
            max_event_streams: 256,
            links: BTreeMap::new(),
        }
    }
}

/// All pages. A server hands it the requests whose path it [`serves`].
///
/// While its door is open every caller may do everything, so that the server must be bound to loopback; requests are then
/// refused unless they name a loopback host, or a page elsewhere could reach it through a name that resolves to loopback.
pub fn endpoint(parts: Parts, settings: Settings) -> impl Endpoint + use<> {
    edge::Edge::around(routes::all(), site::Site::new(parts, settings))
}
