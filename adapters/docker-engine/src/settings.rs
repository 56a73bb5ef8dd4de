use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// How an engine is reached.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where it listens: `unix:///…`, `tcp://host:2375`, or `tcp://host:2376` with TLS where certificates are given;
    /// `unix:///var/run/docker.sock` if nothing is said.
    pub address: Option<String>,
    /// The certificates that may have signed the engine's, in PEM.
    pub ca_file: Option<PathBuf>,
    /// Our certificate.
    pub client_cert_file: Option<PathBuf>,
    /// Its key.
    pub client_key_file: Option<PathBuf>,
    /// How long an answer may take.
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            address: None,
            ca_file: None,
            client_cert_file: None,
            client_key_file: None,
            timeout: Duration::from_secs(30),
        }
    }
}

impl Settings {
    /// Where an engine listens if nothing is said.
    pub const DEFAULT_ADDRESS: &str = "unix:///var/run/docker.sock";

    /// Fills what is not set from the variables that Docker's own command line reads, given by `lookup`.
    ///
    /// Nothing is taken where `DOCKER_HOST` names another engine than these settings.
    #[must_use]
    pub fn with_environment(mut self, lookup: impl Fn(&str) -> Option<String>) -> Self {
        let lookup = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let described = lookup("DOCKER_HOST");
        if self.address.is_some() && self.address != described {
            return self;
        }
        self.address = described;
        let certificates = lookup("DOCKER_CERT_PATH").filter(|_| {
            lookup("DOCKER_TLS_VERIFY").is_some()
                && self.ca_file.is_none()
                && self.client_cert_file.is_none()
        });
        if let Some(folder) = certificates.map(PathBuf::from) {
            self.ca_file = Some(folder.join("ca.pem"));
            self.client_cert_file = Some(folder.join("cert.pem"));
            self.client_key_file = Some(folder.join("key.pem"));
        }
        self
    }

    /// Whether TLS is spoken to a `tcp://` address.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.ca_file.is_some() || self.client_cert_file.is_some() || self.client_key_file.is_some()
    }
}

/// Reads a duration as people write it, such as `1m 30s`.
pub fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map_err(|_| {
        serde::de::Error::custom(format!(
            "a duration reads `10s` or `1m 30s`, found `{text}`"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(settings: serde_json::Value) -> Result<Settings, String> {
        serde_json::from_value(settings).map_err(|error| error.to_string())
    }

    #[test]
    fn the_environment_of_dockers_command_line_fills_what_is_not_set() {
        let lookup = |name: &str| match name {
            "DOCKER_HOST" => Some("tcp://engine.example:2376".to_owned()),
            "DOCKER_TLS_VERIFY" => Some("1".to_owned()),
            "DOCKER_CERT_PATH" => Some("/certs".to_owned()),
            _ => None,
        };
        let settings = Settings::default().with_environment(lookup);
        assert_eq!(
            settings.address.as_deref(),
            Some("tcp://engine.example:2376")
        );
        assert_eq!(settings.client_key_file, Some("/certs/key.pem".into()));
        assert!(settings.is_encrypted());

        let other = read(json!({ "address": "unix:///run/other.sock" })).unwrap();
        let other = other.with_environment(lookup);
        assert_eq!(other.address.as_deref(), Some("unix:///run/other.sock"));
        assert!(
            !other.is_encrypted(),
            "the certificates are for another engine"
        );
    }

    #[test]
    fn settings_are_written_for_people_and_an_unknown_one_is_an_error() {
        let settings = read(json!({ "timeout": "1m 30s" })).unwrap();
        assert_eq!(settings.timeout, Duration::from_secs(90));
        assert!(
            read(json!({ "adress": "x" }))
                .unwrap_err()
                .contains("`adress`")
        );
        assert!(
            read(json!({ "timeout": "soon" }))
                .unwrap_err()
                .contains("found `soon`")
        );
    }
}
