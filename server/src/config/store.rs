use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::document::Document;
use super::fault::Findings;
use super::key::Key;
use super::secret::{Secret, redact_url};

/// The section `[store]`: where intents, deployments and events are kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreConfig {
    /// `sqlite://…` or `postgres://…`; a secret, as it may hold a password.
    pub url: Secret,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wire {
    url: Option<SecretString>,
    url_file: Option<PathBuf>,
}

impl Wire {
    pub(super) fn check(self, at: &Key, findings: &mut Findings<'_>) -> Option<StoreConfig> {
        let url = Secret::take(findings, at, "url", self.url, self.url_file);
        let url = findings.require(
            at,
            url,
            "missing; write `url = \"sqlite://registrywatcher.db\"`",
        )?;
        let key = at.child(if url.file().is_some() {
            "url_file"
        } else {
            "url"
        });
        findings.accept(&key, check_url(url.expose()))?;
        Some(StoreConfig { url })
    }
}

fn check_url(url: &str) -> Result<(), String> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("sqlite") => Ok(()),
        Some("postgres" | "postgresql") => Url::parse(url).map(|_| ()).map_err(|error| {
            format!("the URL cannot be read: {error}; in a password, write `%2F` for `/` and so on")
        }),
        _ => Err("expected a URL that starts with `sqlite:` or `postgres:`".to_owned()),
    }
}

impl StoreConfig {
    /// Whether several replicas can work on it at the same time.
    pub fn is_shared(&self) -> bool {
        !self.url.expose().starts_with("sqlite:")
    }

    pub(super) fn write(&self, document: &mut Document) {
        document.section(&["store"]);
        document.secret_as("url", &self.url, redact_url);
    }
}
