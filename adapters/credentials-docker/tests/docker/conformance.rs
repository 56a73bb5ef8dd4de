//! The Credentials port's contract, over Docker's file and over our configuration.

use std::collections::BTreeMap;

use async_trait::async_trait;
use registrywatcher::image::RegistryHost;
use registrywatcher_conformance::credentials::CredentialsHarness;
use registrywatcher_credentials_docker::{
    ConfiguredCredential, DockerConfigSource, DockerCredentials, SecretSource,
};

use crate::fixture::{Fixture, auth};

mod over_a_docker_config_file {
    use super::*;

    struct Harness {
        fixture: Fixture,
        credentials: DockerCredentials,
        entries: BTreeMap<String, String>,
        age: u64,
    }

    impl Harness {
        fn write(&mut self) {
            let entries: Vec<String> = self
                .entries
                .iter()
                .map(|(key, auth)| format!(r#""{key}":{{"auth":"{auth}"}}"#))
                .collect();
            self.age += 1;
            let json = format!(r#"{{"auths":{{{}}}}}"#, entries.join(","));
            self.fixture.write_aged("config.json", json, self.age);
        }
    }

    #[async_trait]
    impl CredentialsHarness for Harness {
        type Adapter = DockerCredentials;

        fn credentials(&self) -> &DockerCredentials {
            &self.credentials
        }

        async fn configure(&mut self, registry: &RegistryHost, username: &str, password: &str) {
            self.entries
                .insert(registry.to_string(), auth(username, password));
            self.write();
        }

        async fn corrupt(&mut self, registry: &RegistryHost, secret: &str) {
            self.entries
                .insert(registry.to_string(), format!("{secret} is not base64"));
            self.write();
        }
    }

    async fn harness() -> Harness {
        let fixture = Fixture::with_config("{}");
        let credentials = fixture.credentials();
        Harness {
            fixture,
            credentials,
            entries: BTreeMap::new(),
            age: 0,
        }
    }

    registrywatcher_conformance::credentials_suite!(harness);
}

mod over_the_configuration {
    use super::*;

    struct Harness {
        fixture: Fixture,
        configured: BTreeMap<RegistryHost, ConfiguredCredential>,
        credentials: DockerCredentials,
    }

    impl Harness {
        fn configure_file(&mut self, registry: &RegistryHost, username: &str, content: &[u8]) {
            let file = self.fixture.write(&format!("{registry}.password"), content);
            let credential = ConfiguredCredential::Basic {
                username: username.to_owned(),
                password: SecretSource::File(file),
            };
            self.configured.insert(registry.clone(), credential);
            self.credentials =
                DockerCredentials::new(self.configured.clone(), DockerConfigSource::none());
        }
    }

    #[async_trait]
    impl CredentialsHarness for Harness {
        type Adapter = DockerCredentials;

        fn credentials(&self) -> &DockerCredentials {
            &self.credentials
        }

        async fn configure(&mut self, registry: &RegistryHost, username: &str, password: &str) {
            self.configure_file(registry, username, password.as_bytes());
        }

        async fn corrupt(&mut self, registry: &RegistryHost, secret: &str) {
            self.configure_file(registry, "bot", &[secret.as_bytes(), b"\xff"].concat());
        }
    }

    async fn harness() -> Harness {
        let configured = BTreeMap::new();
        let credentials = DockerCredentials::new(configured.clone(), DockerConfigSource::none());
        Harness {
            fixture: Fixture::new(),
            configured,
            credentials,
        }
    }

    registrywatcher_conformance::credentials_suite!(harness);
}
