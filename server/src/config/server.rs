use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use registrywatcher_api_rest::Origin;
use serde::Deserialize;

use super::document::Document;
use super::fault::Findings;
use super::key::Key;
use super::scalar::{Count, HumanDuration, count, duration};

/// The section `[server]`: what is listened on, and how much a client may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// The address that is bound.
    pub listen: SocketAddr,
    /// The largest request body, in bytes.
    pub max_body_bytes: u32,
    /// How long a request may take; streams of events are exempt.
    pub request_timeout: Duration,
    /// How many streams of events may be open at the same time.
    pub max_event_streams: u32,
    /// How long requests that run at a shutdown may go on.
    pub shutdown_grace: Duration,
    /// Whose pages may use the API from a browser.
    pub cors_origins: Vec<Origin>,
}

impl ServerConfig {
    /// How the service is reached from the same machine.
    pub fn local_url(&self) -> String {
        let ip = match self.listen.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        format!("http://{}", SocketAddr::new(ip, self.listen.port()))
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wire {
    listen: Option<String>,
    max_body_bytes: Option<Count>,
    request_timeout: Option<HumanDuration>,
    max_event_streams: Option<Count>,
    shutdown_grace: Option<HumanDuration>,
    cors_origins: Vec<String>,
}

const LEAST_BODY: u32 = 1024;
const MOST_STREAMS: u32 = 10_000;

impl Wire {
    pub(super) fn check(self, at: &Key, findings: &mut Findings<'_>) -> Option<ServerConfig> {
        let key = at.child("listen");
        let listen = findings
            .require(&key, self.listen, "missing")
            .and_then(|text| findings.accept(&key, listen_address(&text)));
        let max_body_bytes = count(
            findings,
            &at.child("max_body_bytes"),
            self.max_body_bytes,
            LEAST_BODY..=u32::MAX,
        );
        let second = Duration::from_secs(1);
        let request_timeout = duration(
            findings,
            &at.child("request_timeout"),
            self.request_timeout,
            second,
        );
        let max_event_streams = count(
            findings,
            &at.child("max_event_streams"),
            self.max_event_streams,
            0..=MOST_STREAMS,
        );
        let shutdown_grace = duration(
            findings,
            &at.child("shutdown_grace"),
            self.shutdown_grace,
            Duration::ZERO,
        );
        let cors_origins = origins(&at.child("cors_origins"), &self.cors_origins, findings);
        Some(ServerConfig {
            listen: listen?,
            max_body_bytes: max_body_bytes?,
            request_timeout: request_timeout?,
            max_event_streams: max_event_streams?,
            shutdown_grace: shutdown_grace?,
            cors_origins: cors_origins?,
        })
    }
}

fn origins(at: &Key, texts: &[String], findings: &mut Findings<'_>) -> Option<Vec<Origin>> {
    let mut origins: Vec<Origin> = Vec::new();
    let mut are_right = true;
    for (index, text) in texts.iter().enumerate() {
        let key = at.child(index);
        match findings.parse::<Origin>(&key, text) {
            Some(origin) if origins.contains(&origin) => {
                findings.fault(&key, format!("`{origin}` stands here twice; keep one"));
                are_right = false;
            }
            Some(origin) => origins.push(origin),
            None => are_right = false,
        }
    }
    are_right.then_some(origins)
}

/// Reads `address:port`, `localhost:port`, or `:port` for all addresses.
fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let spelled_out = match text.rsplit_once(':') {
        Some(("", port)) => format!("0.0.0.0:{port}"),
        Some(("localhost", port)) => format!("127.0.0.1:{port}"),
        _ => text.to_owned(),
    };
    spelled_out.parse().map_err(|_| {
        format!("expected an IP address and a port, such as `127.0.0.1:8080` or `[::1]:8080`, found `{text}`")
    })
}

impl ServerConfig {
    pub(super) fn write(&self, document: &mut Document) {
        document.section(&["server"]);
        document.pair("listen", self.listen.to_string());
        document.pair("max_body_bytes", i64::from(self.max_body_bytes));
        document.duration("request_timeout", self.request_timeout);
        document.pair("max_event_streams", i64::from(self.max_event_streams));
        document.duration("shutdown_grace", self.shutdown_grace);
        let origins = self.cors_origins.iter().map(ToString::to_string);
        document.pair("cors_origins", origins.collect::<Vec<_>>());
    }
}
