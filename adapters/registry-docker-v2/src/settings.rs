use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use registrywatcher::image::RegistryHost;
use url::Url;

/// How registries are reached.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// For every registry that has no settings of its own.
    pub defaults: RegistrySettings,
    /// For single registries.
    pub registries: BTreeMap<RegistryHost, RegistrySettings>,
}

/// How one registry is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrySettings {
    /// Where its API is served, up to the `/v2/`, if that is not at the host which references name.
    pub base_url: Option<Url>,
    /// Whether plain HTTP is allowed; for a loopback host without a `ca_file` it always is.
    pub plain_http: bool,
    /// A PEM file of certificates that are trusted besides those of the system.
    pub ca_file: Option<PathBuf>,
    /// The most requests at a time; as many connections are kept.
    pub concurrency: usize,
    /// The longest that one request may take, its answer included.
    pub timeout: Duration,
    /// The longest that a connection may take to be made.
    pub connect_timeout: Duration,
    /// How many tags are asked for at once, 1 to 1000; Amazon's registry refuses more.
    pub page_size: u16,
    /// The most bytes that a listing may have, all pages together.
    pub max_tags_bytes: usize,
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file of trusted certificates cannot be used.
    #[error("the certificates in `{}` cannot be used: {problem}", path.display())]
    CaFile {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The registry cannot be served there.
    #[error("{registry} cannot be reached at `{base_url}`: {problem}")]
    BaseUrl {
        /// Which registry.
        registry: RegistryHost,
        /// What was given.
        base_url: String,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// The HTTP client cannot be built.
    #[error("the HTTP client cannot be built: {problem}")]
    Client {
        /// What went wrong.
        problem: String,
    },
}

impl Default for RegistrySettings {
    fn default() -> Self {
        Self {
            base_url: None,
            plain_http: false,
            ca_file: None,
            concurrency: 8,
            timeout: Duration::from_secs(15),
            connect_timeout: Duration::from_secs(5),
            page_size: 1000,
            max_tags_bytes: 16 << 20,
        }
    }
}

impl Settings {
    /// The settings of `registry`.
    pub(crate) fn of(&self, registry: &RegistryHost) -> &RegistrySettings {
        self.registries.get(registry).unwrap_or(&self.defaults)
    }
}

impl RegistrySettings {
    /// Where the API of `registry` is served, up to and including `/v2/`.
    pub(crate) fn api(&self, registry: &RegistryHost) -> Result<Url, SettingsError> {
        let plain_http = self.plain_http || (registry.is_loopback() && self.ca_file.is_none());
        let scheme = if plain_http { "http" } else { "https" };
        let base = match &self.base_url {
            Some(base_url) => base_url.to_string(),
            None if registry.is_docker_hub() => format!("{scheme}://registry-1.docker.io"),
            None => format!("{scheme}://{registry}"),
        };
        let refuse = |problem: String| SettingsError::BaseUrl {
            registry: registry.clone(),
            base_url: base.clone(),
            problem,
        };
        let api = Url::parse(&format!("{}/v2/", base.trim_end_matches('/')))
            .map_err(|error| refuse(error.to_string()))?;
        match api.scheme() {
            "https" => Ok(api),
            "http" if plain_http => Ok(api),
            "http" => Err(refuse(
                "plain HTTP is not allowed; set `plain_http`".to_owned(),
            )),
            _ => Err(refuse("the scheme is `https` or `http`".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn served_at(settings: &RegistrySettings, host: &str, expected: &str) {
        let api = settings.api(&host.parse().unwrap()).unwrap();
        assert_eq!(api.as_str(), expected, "{host}");
    }

    #[test]
    fn a_registry_is_served_where_references_name_it_unless_told_otherwise() {
        let default = RegistrySettings::default();
        served_at(&default, "ghcr.io", "https://ghcr.io/v2/");
        served_at(&default, "docker.io", "https://registry-1.docker.io/v2/");
        served_at(
            &default,
            "index.docker.io",
            "https://registry-1.docker.io/v2/",
        );
        served_at(&default, "localhost:5000", "http://localhost:5000/v2/");
        served_at(&default, "10.0.0.1:5000", "https://10.0.0.1:5000/v2/");

        let plain = RegistrySettings {
            plain_http: true,
            ..RegistrySettings::default()
        };
        served_at(
            &plain,
            "registry.example:5000",
            "http://registry.example:5000/v2/",
        );
        let ca = RegistrySettings {
            ca_file: Some("ca.pem".into()),
            ..RegistrySettings::default()
        };
        served_at(&ca, "localhost:5000", "https://localhost:5000/v2/");
    }

    #[test]
    fn plain_http_is_refused_where_it_is_not_allowed() {
        let base_url = Url::parse("http://mirror.example/hub").ok();
        let settings = RegistrySettings {
            base_url,
            ..RegistrySettings::default()
        };
        let error = settings.api(&"docker.io".parse().unwrap()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "docker.io cannot be reached at `http://mirror.example/hub`: plain HTTP is not allowed; set `plain_http`"
        );
        let settings = RegistrySettings {
            plain_http: true,
            ..settings
        };
        served_at(&settings, "docker.io", "http://mirror.example/hub/v2/");
    }
}
