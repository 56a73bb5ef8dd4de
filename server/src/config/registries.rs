use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use registrywatcher::image::RegistryHost;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::document::Document;
use super::fault::Findings;
use super::key::Key;
use super::scalar::{Count, HumanDuration, Switch, count, duration};
use super::secret::{Secret, read_file};

/// A section `[registries."<host>"]`: how one registry is reached, and as whom.
#[derive(Debug, Clone, PartialEq)]
pub struct RegistryConfig {
    /// Who is presented; nobody unless configured.
    pub login: Option<Login>,
    /// Whether it is spoken to in plain HTTP.
    pub plain_http: bool,
    /// Where it is served, if not under its own name, as with a mirror.
    pub address: Option<Url>,
    /// PEM certificates that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// How many requests run at the same time.
    pub concurrency: u32,
    /// How long one request may take.
    pub timeout: Duration,
}

/// Who is presented to a registry.
#[derive(Debug, Clone, PartialEq)]
pub enum Login {
    /// A user and a password or access token.
    Password {
        /// The user.
        username: String,
        /// The password or access token.
        password: Secret,
    },
    /// A refresh token of the registry's OAuth 2 endpoint.
    IdentityToken(Secret),
}

impl Default for RegistryConfig {
    /// What holds for a registry that no section names.
    fn default() -> Self {
        Self {
            login: None,
            plain_http: false,
            address: None,
            ca_file: None,
            concurrency: 8,
            timeout: Duration::from_secs(30),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wire {
    username: Option<String>,
    password: Option<SecretString>,
    password_file: Option<PathBuf>,
    identity_token: Option<SecretString>,
    identity_token_file: Option<PathBuf>,
    plain_http: Option<Switch>,
    address: Option<String>,
    ca_file: Option<PathBuf>,
    concurrency: Option<Count>,
    timeout: Option<HumanDuration>,
}

pub(super) fn check(
    wires: BTreeMap<String, Wire>,
    at: &Key,
    findings: &mut Findings<'_>,
) -> BTreeMap<RegistryHost, RegistryConfig> {
    let mut registries = BTreeMap::new();
    for (name, wire) in wires {
        let key = at.child(&name);
        let host = findings.parse::<RegistryHost>(&key, &name);
        let registry = wire.check(&key, findings);
        let (Some(host), Some(registry)) = (host, registry) else {
            continue;
        };
        if registries.contains_key(&host) {
            findings.fault(
                &key,
                format!("names {host}, which another section configures; keep one"),
            );
        }
        registries.insert(host, registry);
    }
    registries
}

impl Wire {
    fn check(mut self, at: &Key, findings: &mut Findings<'_>) -> Option<RegistryConfig> {
        let defaults = RegistryConfig::default();
        let login = self.login(at, findings);
        let plain_http = self
            .plain_http
            .map_or(defaults.plain_http, |Switch(plain)| plain);
        let key = at.child("address");
        let address = self
            .address
            .and_then(|text| findings.accept(&key, address(&text, plain_http)));
        if let Some(file) = &self.ca_file {
            findings.accept(&at.child("ca_file"), read_file(file));
        }
        let concurrency = self
            .concurrency
            .or(Some(Count(defaults.concurrency.into())));
        let concurrency = count(findings, &at.child("concurrency"), concurrency, 1..=256);
        let timeout = self.timeout.or(Some(HumanDuration(defaults.timeout)));
        let timeout = duration(
            findings,
            &at.child("timeout"),
            timeout,
            Duration::from_millis(100),
        );
        Some(RegistryConfig {
            login,
            plain_http,
            address,
            ca_file: self.ca_file,
            concurrency: concurrency?,
            timeout: timeout?,
        })
    }

    fn login(&mut self, at: &Key, findings: &mut Findings<'_>) -> Option<Login> {
        let (value, file) = (self.password.take(), self.password_file.take());
        let password = Secret::take(findings, at, "password", value, file);
        let (value, file) = (self.identity_token.take(), self.identity_token_file.take());
        let token = Secret::take(findings, at, "identity_token", value, file);
        match (self.username.take(), password, token) {
            (None, None, None) => None,
            (None, None, Some(token)) => Some(Login::IdentityToken(token)),
            (Some(username), Some(password), None) => Some(Login::Password { username, password }),
            (Some(_), None, None) => {
                let problem = "a user without a password; add `password` or `password_file`";
                findings.require(&at.child("password"), None, problem)
            }
            (None, Some(_), None) => {
                let problem = "a password without a user; add `username`";
                findings.require(&at.child("username"), None, problem)
            }
            (_, _, Some(_)) => {
                let problem = "stands beside a user or a password; keep one way to log in";
                findings.fault(&at.child("identity_token"), problem);
                None
            }
        }
    }
}

fn address(text: &str, plain_http: bool) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("the address cannot be read: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("expected an address such as `https://mirror.example:5000`".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "the address holds a login; write `username` and `password` instead".to_owned(),
        );
    }
    if plain_http && url.scheme() == "https" {
        return Err("begins with `https://` although `plain_http` is on; change one".to_owned());
    }
    Ok(url)
}

impl RegistryConfig {
    pub(super) fn write(&self, host: &RegistryHost, document: &mut Document) {
        document.section(&["registries", host.as_str()]);
        match &self.login {
            None => {}
            Some(Login::Password { username, password }) => {
                document.pair("username", username.as_str());
                document.secret("password", password);
            }
            Some(Login::IdentityToken(token)) => document.secret("identity_token", token),
        }
        document.pair("plain_http", self.plain_http);
        if let Some(address) = &self.address {
            document.pair("address", address.as_str());
        }
        if let Some(file) = &self.ca_file {
            document.path("ca_file", file);
        }
        document.pair("concurrency", i64::from(self.concurrency));
        document.duration("timeout", self.timeout);
    }
}
