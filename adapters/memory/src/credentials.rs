use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use registrywatcher::image::RegistryHost;
use registrywatcher::ports::{Credential, Credentials, CredentialsError};

/// Credentials that a test sets; every other registry is anonymous.
#[derive(Debug, Clone, Default)]
pub struct MemoryCredentials {
    entries: Arc<Mutex<BTreeMap<RegistryHost, Entry>>>,
}

#[derive(Debug, Clone)]
enum Entry {
    Present(Credential),
    Broken(String),
}

impl MemoryCredentials {
    /// Nothing is configured.
    pub fn new() -> Self {
        Self::default()
    }

    /// Presents `credential` to `registry` from now on.
    pub fn set(&self, registry: RegistryHost, credential: Credential) {
        self.entries().insert(registry, Entry::Present(credential));
    }

    /// Makes what is configured for `registry` unreadable, until the next `set` or `forget`.
    pub fn break_down(&self, registry: RegistryHost, problem: &str) {
        self.entries()
            .insert(registry, Entry::Broken(problem.to_owned()));
    }

    /// Presents nothing to `registry` from now on.
    pub fn forget(&self, registry: &RegistryHost) {
        self.entries().remove(registry);
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<RegistryHost, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Credentials for MemoryCredentials {
    async fn credential(&self, registry: &RegistryHost) -> Result<Credential, CredentialsError> {
        match self.entries().get(registry) {
            None => Ok(Credential::Anonymous),
            Some(Entry::Present(credential)) => Ok(credential.clone()),
            Some(Entry::Broken(problem)) => Err(CredentialsError::Unreadable {
                registry: registry.clone(),
                problem: problem.clone(),
            }),
        }
    }
}
