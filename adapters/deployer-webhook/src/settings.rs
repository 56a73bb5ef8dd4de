#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use registrywatcher::ports::BuildError;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use url::{Host, Url};

use crate::error::fault;

/// Which receiver is asked to deploy, and how; see the [crate's page](crate).
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where deployments are posted to.
    pub url: Option<SecretString>,
    /// The file that holds it.
    pub url_file: Option<PathBuf>,
    /// Where the receiver tells what runs; relative to `url`, and of the same origin.
    pub running_url: Option<String>,
    /// The secrets that requests are signed with, `whsec_…`, one signature each.
    pub secrets: Vec<SecretString>,
    /// The file that holds them, one a line.
    pub secrets_file: Option<PathBuf>,
    /// Headers that go with each request.
    pub secret_headers: BTreeMap<String, SecretString>,
    /// The file that holds them, `Name: value` on each line.
    pub secret_headers_file: Option<PathBuf>,
    /// The certificates that may have signed the receiver's, in PEM; the machine's own if nothing is said.
    pub ca_file: Option<PathBuf>,
    /// Whether `http` is enough beyond this machine.
    pub plain_http: bool,
    /// Whether the receiver brings back what ran before when a deployment fails.
    pub reverts_itself: bool,
    /// How long an answer may take.
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    /// How long a deployment may take, as the receiver sees it.
    #[serde(deserialize_with = "duration")]
    pub deadline: Duration,
    /// How long a status is left alone before it is asked again.
    #[serde(deserialize_with = "duration")]
    pub poll: Duration,
}

/// A call returns within about a minute, and waits for an answer as the last thing it does.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(30);

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: None,
            url_file: None,
            running_url: None,
            secrets: Vec::new(),
            secrets_file: None,
            secret_headers: BTreeMap::new(),
            secret_headers_file: None,
            ca_file: None,
            plain_http: false,
            reverts_itself: false,
            timeout: Duration::from_secs(10),
            deadline: Duration::from_mins(10),
            poll: Duration::from_secs(5),
        }
    }
}

impl Settings {
    /// Finds durations that cannot work.
    pub(crate) fn check(&self) -> Result<(), BuildError> {
        if self.timeout.is_zero() || self.timeout > LONGEST_TIMEOUT {
            let problem = "an answer gets up to `30s`; a receiver that needs longer answers 202";
            return Err(fault("timeout", problem));
        }
        if self.poll.is_zero() {
            return Err(fault("poll", "a pause is needed; give one such as `5s`"));
        }
        Ok(())
    }

    /// Where deployments are posted to, over TLS unless nothing leaves this machine or it was said otherwise.
    pub(crate) fn receiver(&self) -> Result<Url, BuildError> {
        let text = match (&self.url, &self.url_file) {
            (Some(_), Some(_)) => {
                return Err(fault(
                    "url",
                    "`url_file` is set as well; keep one of the two",
                ));
            }
            (Some(url), None) => url.expose_secret().to_owned(),
            (None, Some(file)) => std::fs::read_to_string(file).map_err(|error| {
                let problem = format!("{} cannot be read: {error}", file.display());
                fault("url_file", problem)
            })?,
            (None, None) => return Err(fault("url", "it is missing; name the receiver's address")),
        };
        let shape = "an address reads `https://deploy.example/hook`";
        let mut url: Url = text
            .trim()
            .parse()
            .map_err(|error| fault("url", format!("{error}; {shape}")))?;
        if !url.has_host() || !matches!(url.scheme(), "http" | "https") {
            return Err(fault("url", format!("it is no web address; {shape}")));
        }
        if has_user(&url) {
            let problem = "it holds a user or password; set `secret_headers` instead";
            return Err(fault("url", problem));
        }
        if url.scheme() == "http" && !self.plain_http && !is_loopback(&url) {
            let problem =
                "use `https`, or set `plain_http = true` if nobody on the way may read along";
            return Err(fault("url", problem));
        }
        url.set_fragment(None);
        Ok(url)
    }

    /// Where the receiver tells what runs.
    pub(crate) fn running_address(&self, receiver: &Url) -> Result<Option<Url>, BuildError> {
        let Some(text) = &self.running_url else {
            return Ok(None);
        };
        same_origin(receiver, text)
            .map(Some)
            .map_err(|problem| fault("running_url", problem))
    }
}

/// Resolves `address`, which is relative or of the same origin as `receiver`: what is presented there goes nowhere else.
pub(crate) fn same_origin(receiver: &Url, address: &str) -> Result<Url, String> {
    let mut url = receiver
        .join(address)
        .map_err(|error| format!("the address cannot be read: {error}"))?;
    if url.origin() != receiver.origin() || has_user(&url) {
        return Err("the address is of another origin than `url`, and is not asked".to_owned());
    }
    url.set_fragment(None);
    Ok(url)
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map_err(|_| {
        serde::de::Error::custom(format!(
            "a duration reads `10s` or `1m 30s`, found `{text}`"
        ))
    })
}
