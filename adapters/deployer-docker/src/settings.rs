use std::path::PathBuf;
use std::time::Duration;

use registrywatcher_docker_engine::duration;
use serde::{Deserialize, Deserializer};

/// How a Docker Engine is reached, and how long things may take there.
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
    /// How long a pull may take.
    #[serde(deserialize_with = "duration")]
    pub pull_timeout: Duration,
    /// How long the old container may take to stop before it is killed; what the container itself says, or else 10 s, if
    /// nothing is said.
    #[serde(deserialize_with = "some_duration")]
    pub stop_grace: Option<Duration>,
    /// How long a container without a health check must run to be taken for healthy.
    #[serde(deserialize_with = "duration")]
    pub settle_time: Duration,
    /// How long a container with a health check may be neither healthy nor unhealthy.
    #[serde(deserialize_with = "duration")]
    pub health_grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            address: None,
            ca_file: None,
            client_cert_file: None,
            client_key_file: None,
            timeout: Duration::from_secs(30),
            pull_timeout: Duration::from_mins(10),
            stop_grace: None,
            settle_time: Duration::from_secs(10),
            health_grace: Duration::from_mins(10),
        }
    }
}

impl Settings {
    /// How the engine is reached.
    pub(crate) fn engine(&self) -> registrywatcher_docker_engine::Settings {
        registrywatcher_docker_engine::Settings {
            address: self.address.clone(),
            ca_file: self.ca_file.clone(),
            client_cert_file: self.client_cert_file.clone(),
            client_key_file: self.client_key_file.clone(),
            timeout: self.timeout,
        }
    }

    /// Fills what is not set from the variables that Docker's own command line reads, given by `lookup`.
    ///
    /// Nothing is taken where `DOCKER_HOST` names another engine than these settings.
    #[must_use]
    pub fn with_environment(self, lookup: impl Fn(&str) -> Option<String>) -> Self {
        let engine = self.engine().with_environment(lookup);
        Self {
            address: engine.address,
            ca_file: engine.ca_file,
            client_cert_file: engine.client_cert_file,
            client_key_file: engine.client_key_file,
            ..self
        }
    }
}

fn some_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    duration(deserializer).map(Some)
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
        let settings = read(json!({ "settle_time": "5s" })).unwrap();
        let settings = settings.with_environment(lookup);
        assert_eq!(
            settings.address.as_deref(),
            Some("tcp://engine.example:2376")
        );
        assert_eq!(settings.client_key_file, Some("/certs/key.pem".into()));
        assert_eq!(settings.settle_time, Duration::from_secs(5));
    }

    #[test]
    fn settings_are_written_for_people_and_an_unknown_one_is_an_error() {
        let settings = read(json!({ "stop_grace": "1m 30s", "settle_time": "5s" })).unwrap();
        assert_eq!(settings.stop_grace, Some(Duration::from_secs(90)));
        assert_eq!(settings.settle_time, Duration::from_secs(5));
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
