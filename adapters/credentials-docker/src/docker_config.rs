use std::collections::BTreeMap;

use registrywatcher::image::RegistryHost;
use registrywatcher::ports::Credential;
use secrecy::{ExposeSecret, SecretString};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::auth::decode_auth;
use crate::fault::Fault;

/// Under which key Docker keeps Docker Hub, in files and in helpers.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

/// The part of Docker's `config.json` that concerns credentials.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct DockerConfig {
    #[serde(deserialize_with = "null_as_default")]
    auths: BTreeMap<String, AuthEntry>,
    #[serde(deserialize_with = "null_as_default")]
    creds_store: String,
    #[serde(deserialize_with = "null_as_default")]
    cred_helpers: BTreeMap<String, String>,
}

/// An entry of `auths`; a malformed one concerns only the registry that it is for.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum AuthEntry {
    WellFormed(Auth),
    Malformed(IgnoredAny),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Auth {
    #[serde(rename = "auth")]
    encoded: SecretString,
    username: String,
    password: SecretString,
    identitytoken: SecretString,
    registrytoken: SecretString,
}

impl DockerConfig {
    /// Reads the file's text; a problem names the line and never the content.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_str(text).map_err(|error| {
            let what = if error.is_data() {
                "does not follow Docker's format"
            } else {
                "is not JSON"
            };
            format!(
                "it {what} at line {}, column {}",
                error.line(),
                error.column()
            )
        })
    }

    /// The credential helper for `registry`, and the server's key under which it is asked.
    pub(crate) fn helper(&self, registry: &RegistryHost) -> Option<(&str, String)> {
        let server = |key: Option<&str>| match key {
            _ if registry.is_docker_hub() => DOCKER_HUB_KEY.to_owned(),
            Some(key) => key.to_owned(),
            None => registry.to_string(),
        };
        if let Some((key, helper)) = find(&self.cred_helpers, registry) {
            return Some((helper, server(Some(key))));
        }
        if self.creds_store.is_empty() {
            return None;
        }
        let key = find(&self.auths, registry).map(|(key, _)| key);
        Some((&self.creds_store, server(key)))
    }

    /// What `auths` holds for `registry`; an empty entry only says that a helper knows more.
    pub(crate) fn entry(&self, registry: &RegistryHost) -> Result<Option<Credential>, Fault> {
        let Some((key, entry)) = find(&self.auths, registry) else {
            return Ok(None);
        };
        let credential = match entry {
            AuthEntry::WellFormed(auth) => auth.credential(),
            AuthEntry::Malformed(_) => Err("it is not an object of strings".to_owned()),
        };
        credential.map_err(|problem| {
            Fault::Unreadable(format!(
                "the entry `{key}` of `auths`: {problem}; log in to the registry again"
            ))
        })
    }
}

impl Auth {
    fn credential(&self) -> Result<Option<Credential>, String> {
        let given = |secret: &SecretString| !secret.expose_secret().is_empty();
        if given(&self.registrytoken) {
            return Ok(Some(Credential::RegistryToken(self.registrytoken.clone())));
        }
        if given(&self.identitytoken) {
            return Ok(Some(Credential::IdentityToken(self.identitytoken.clone())));
        }
        let (username, password) = if given(&self.encoded) {
            decode_auth(self.encoded.expose_secret()).map_err(|error| error.to_string())?
        } else if !self.username.is_empty() && given(&self.password) {
            (self.username.clone(), self.password.clone())
        } else {
            return Ok(None);
        };
        Ok(Some(Credential::Basic { username, password }))
    }
}

/// The entry for `registry`: the one under its very name, else the one with the shortest key that names it.
///
/// Keys may have a scheme and a path (`https://ghcr.io/v2/`); Podman's path narrows an entry to some repositories, so that
/// the shortest one holds for most.
fn find<'a, T>(map: &'a BTreeMap<String, T>, registry: &RegistryHost) -> Option<(&'a str, &'a T)> {
    let is_exact =
        |key: &str| key == registry.as_str() || (registry.is_docker_hub() && key == DOCKER_HUB_KEY);
    map.iter()
        .filter(|(key, _)| host(key).as_ref() == Some(registry))
        .map(|(key, value)| (key.as_str(), value))
        .min_by_key(|(key, _)| (!is_exact(key), key.len()))
}

/// The registry that a key names, without scheme and path.
fn host(key: &str) -> Option<RegistryHost> {
    let bare = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"))
        .unwrap_or(key);
    bare.split('/').next().unwrap_or(bare).parse().ok()
}

/// Tools written in Go write an empty map as `null`.
fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
