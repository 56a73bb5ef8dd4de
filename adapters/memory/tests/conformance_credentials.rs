//! The Credentials port's contract over its fake.

use async_trait::async_trait;
use registrywatcher::image::RegistryHost;
use registrywatcher::ports::Credential;
use registrywatcher_conformance::credentials::CredentialsHarness;
use registrywatcher_memory::MemoryCredentials;

struct Harness(MemoryCredentials);

#[async_trait]
impl CredentialsHarness for Harness {
    type Adapter = MemoryCredentials;

    fn credentials(&self) -> &MemoryCredentials {
        &self.0
    }

    async fn configure(&mut self, registry: &RegistryHost, username: &str, password: &str) {
        let username = username.to_owned();
        self.0.set(
            registry.clone(),
            Credential::Basic {
                username,
                password: password.into(),
            },
        );
    }

    async fn corrupt(&mut self, registry: &RegistryHost, _secret: &str) {
        self.0.break_down(registry.clone(), "it was told to break");
    }
}

async fn harness() -> Harness {
    Harness(MemoryCredentials::new())
}

registrywatcher_conformance::credentials_suite!(harness);
