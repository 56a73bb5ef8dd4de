use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use registrywatcher::image::{Digest, Image, RegistryHost, Repository, Tag, TagList};
use registrywatcher::ports::{Clock, Credentials, ImageMetadata, Registry, RegistryError};

use crate::clients::Clients;
use crate::host::Host;
use crate::limits::Quota;
use crate::settings::{Settings, SettingsError};

/// Every registry that speaks the Docker Registry v2 / OCI distribution API.
pub struct DockerRegistry {
    settings: Settings,
    clients: Clients,
    hosts: Mutex<HashMap<RegistryHost, Arc<Host>>>,
    credentials: Arc<dyn Credentials>,
    clock: Arc<dyn Clock>,
}

impl DockerRegistry {
    /// Sets up the registries that have settings; any other one is set up when it is first asked, with the defaults.
    ///
    /// # Errors
    ///
    /// A file of certificates that cannot be used, an address that is not allowed, or an HTTP client that cannot be built.
    pub fn new(
        settings: Settings,
        credentials: Arc<dyn Credentials>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SettingsError> {
        let registry = Self {
            clients: Clients::default(),
            hosts: Mutex::default(),
            settings,
            credentials,
            clock,
        };
        for host in registry.settings.registries.keys() {
            registry.host(host)?;
        }
        Ok(registry)
    }

    /// What is left of each pull quota that a registry told of.
    pub fn quotas(&self) -> Vec<Quota> {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut quotas: Vec<Quota> = hosts.values().flat_map(|host| host.quotas()).collect();
        quotas.sort_by(|a, b| (&a.registry, &a.username).cmp(&(&b.registry, &b.username)));
        quotas
    }

    fn host(&self, registry: &RegistryHost) -> Result<Arc<Host>, SettingsError> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = hosts.get(registry) {
            return Ok(Arc::clone(host));
        }
        let settings = self.settings.of(registry);
        let host = Arc::new(Host::new(
            registry.clone(),
            settings.clone(),
            settings.api(registry)?,
            self.clients.get(registry, settings)?,
            Arc::clone(&self.credentials),
            Arc::clone(&self.clock),
        ));
        hosts.insert(registry.clone(), Arc::clone(&host));
        Ok(host)
    }

    fn host_of(&self, repository: &Repository) -> Result<Arc<Host>, RegistryError> {
        self.host(repository.registry())
            .map_err(|error| RegistryError::Unavailable {
                repository: repository.clone(),
                problem: error.to_string(),
                source: Some(Box::new(error)),
            })
    }
}

impl std::fmt::Debug for DockerRegistry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DockerRegistry")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Registry for DockerRegistry {
    async fn tags(&self, repository: &Repository) -> Result<Arc<TagList>, RegistryError> {
        let host = self.host_of(repository)?;
        host.tags(repository.path())
            .await
            .map_err(|fault| fault.of(repository))
    }

    async fn resolve(
        &self,
        repository: &Repository,
        tag: &Tag,
        known: Option<&Image>,
    ) -> Result<Option<Image>, RegistryError> {
        let host = self.host_of(repository)?;
        host.resolve(repository.path(), tag, known)
            .await
            .map_err(|fault| fault.of(repository))
    }

    async fn metadata(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<ImageMetadata, RegistryError> {
        let host = self.host_of(repository)?;
        host.metadata(repository.path(), digest)
            .await
            .map_err(|fault| fault.of(repository))
    }

    /// Of several credentials' quotas the one that was told last.
    fn quota(&self, host: &RegistryHost) -> Option<registrywatcher::ports::Quota> {
        let quotas = self.quotas().into_iter();
        let of_host = quotas.filter(|quota| quota.registry == *host);
        let last = of_host.max_by_key(|quota| quota.observed_at)?;
        Some(last.into())
    }
}
