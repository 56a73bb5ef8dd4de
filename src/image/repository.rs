use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::reference::ImageReference;

/// The host, and port if any, of a registry, as references name it: `ghcr.io`, `registry.example:5000`, `docker.io`.
///
/// Docker Hub's aliases are one host, `docker.io`; where its API is served is the registry adapter's business.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryHost(Box<str>);

impl RegistryHost {
    /// The host of Docker Hub in references.
    pub const DOCKER_HUB: &str = "docker.io";

    pub(super) fn normalise(host: &str) -> Self {
        let host = host.to_ascii_lowercase();
        match host.as_str() {
            "index.docker.io" | "registry-1.docker.io" => Self(Self::DOCKER_HUB.into()),
            _ => Self(host.into()),
        }
    }

    /// The host as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is Docker Hub.
    pub fn is_docker_hub(&self) -> bool {
        &*self.0 == Self::DOCKER_HUB
    }

    /// Whether the host is this machine, where plain HTTP is customary.
    pub fn is_loopback(&self) -> bool {
        let name = match self.0.strip_prefix('[') {
            Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
            None => self.0.split(':').next().unwrap_or_default(),
        };
        name == "localhost"
            || name
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for RegistryHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RegistryHost {
    type Err = ParseRepositoryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A host alone has the grammar of the first component of a repository.
        format!("{text}/x")
            .parse::<Repository>()
            .ok()
            .map(|repository| repository.registry)
            .filter(|host| *host == Self::normalise(text))
            .ok_or_else(|| {
                ParseRepositoryError(format!(
                    "a registry reads `host` or `host:port`, such as `ghcr.io`, found `{text}`"
                ))
            })
    }
}

/// A registry's host and the path of one repository in it, such as `ghcr.io/acme/web`.
///
/// Always normalised, so two spellings of one repository are equal: `nginx` is `docker.io/library/nginx`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    registry: RegistryHost,
    path: Box<str>,
}

/// Why a string is not a [`Repository`] or a [`RegistryHost`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseRepositoryError(pub(super) String);

impl Repository {
    pub(super) fn from_parts(registry: RegistryHost, path: &str) -> Self {
        Self {
            registry,
            path: path.into(),
        }
    }

    /// The registry that serves it.
    pub fn registry(&self) -> &RegistryHost {
        &self.registry
    }

    /// Its name inside the registry: `<name>` of the distribution API's `/v2/<name>/…`.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)
    }
}

impl FromStr for Repository {
    type Err = ParseRepositoryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let reference: ImageReference = text
            .parse()
            .map_err(|error: super::ParseReferenceError| ParseRepositoryError(error.to_string()))?;
        if reference.tag().is_some() || reference.digest().is_some() {
            return Err(ParseRepositoryError(format!(
                "a repository is named without tag or digest, found `{text}`"
            )));
        }
        Ok(reference.into_repository())
    }
}

crate::text::serde_as_text!(RegistryHost, Repository);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_host_is_a_host_and_perhaps_a_port() {
        assert_eq!(
            "GHCR.io".parse::<RegistryHost>().unwrap().as_str(),
            "ghcr.io"
        );
        assert_eq!(
            "index.docker.io".parse::<RegistryHost>().unwrap().as_str(),
            "docker.io"
        );
        assert_eq!(
            "reg:5000".parse::<RegistryHost>().unwrap().as_str(),
            "reg:5000"
        );
        assert!("acme/web".parse::<RegistryHost>().is_err());
        assert!("https://ghcr.io".parse::<RegistryHost>().is_err());
    }

    #[test]
    fn loopback_is_recognised_in_each_spelling() {
        for host in [
            "localhost:5000",
            "127.0.0.1:5000",
            "127.1.2.3:1",
            "[::1]:5000",
        ] {
            assert!(
                host.parse::<RegistryHost>().unwrap().is_loopback(),
                "{host}"
            );
        }
        for host in ["ghcr.io", "localhost.example:5000", "10.0.0.1:5000"] {
            assert!(
                !host.parse::<RegistryHost>().unwrap().is_loopback(),
                "{host}"
            );
        }
    }
}
