//! The Credentials port over our configuration, Docker's `config.json` and credential helpers.
//!
//! A registry is looked for in the configuration first, then in each place of a [`DockerConfigSource`]; the first that
//! knows it wins, and a registry that nothing knows is anonymous. Files are read again when they change, so that rotated
//! secrets need no restart. What is broken is an error only for a registry that would use it.

mod auth;
mod configured;
mod docker_config;
mod fault;
mod helper;
mod source;
mod watched_file;

use std::collections::BTreeMap;

use async_trait::async_trait;
use registrywatcher::image::RegistryHost;
use registrywatcher::ports::{Credential, Credentials, CredentialsError};

pub use auth::{DecodeAuthError, decode_auth};
pub use configured::{ConfiguredCredential, SecretSource};
pub use helper::HelperSettings;
pub use source::DockerConfigSource;

use configured::Configured;
use docker_config::DockerConfig;
use fault::Fault;
use helper::Helpers;

/// Knows what to present to each registry, from our configuration and from Docker's.
#[derive(Debug)]
pub struct DockerCredentials {
    configured: BTreeMap<RegistryHost, Configured>,
    source: DockerConfigSource,
    helpers: Helpers,
}

impl DockerCredentials {
    /// What is `configured` goes before what `docker_config` holds.
    pub fn new(
        configured: BTreeMap<RegistryHost, ConfiguredCredential>,
        docker_config: DockerConfigSource,
    ) -> Self {
        let configured = configured
            .into_iter()
            .map(|(host, credential)| (host, credential.into()))
            .collect();
        Self {
            configured,
            source: docker_config,
            helpers: Helpers::new(HelperSettings::default()),
        }
    }

    /// The same credentials, with other limits for credential helpers.
    #[must_use]
    pub fn with_helper_settings(self, settings: HelperSettings) -> Self {
        Self {
            helpers: Helpers::new(settings),
            ..self
        }
    }

    async fn find(&self, registry: &RegistryHost) -> Result<Credential, Fault> {
        if let Some(configured) = self.configured.get(registry) {
            return configured.credential().await;
        }
        for place in self.source.places() {
            let Some(config) = place.read().await? else {
                continue;
            };
            let found = self
                .find_in(&config, registry)
                .await
                .map_err(|fault| fault.in_place(place))?;
            if let Some(credential) = found {
                return Ok(credential);
            }
        }
        Ok(Credential::Anonymous)
    }

    /// A helper that does not know the registry leaves it to `auths`, where an older login may stand.
    async fn find_in(
        &self,
        config: &DockerConfig,
        registry: &RegistryHost,
    ) -> Result<Option<Credential>, Fault> {
        if let Some((helper, server)) = config.helper(registry)
            && let Some(credential) = self.helpers.get(helper, server).await?
        {
            return Ok(Some(credential));
        }
        config.entry(registry)
    }
}

#[async_trait]
impl Credentials for DockerCredentials {
    async fn credential(&self, registry: &RegistryHost) -> Result<Credential, CredentialsError> {
        self.find(registry)
            .await
            .map_err(|fault| fault.of(registry))
    }
}
