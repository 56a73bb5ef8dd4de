//! The adapter over a double, and the ports that it needs.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registrywatcher::image::{Digest, Image, RegistryHost, Repository, Tag, TagList};
use registrywatcher::ports::{
    Clock, Credential, Credentials, CredentialsError, ImageMetadata, Registry, RegistryError,
};
use registrywatcher_registry_docker_v2::{DockerRegistry, RegistrySettings, Settings};

use crate::double::{Double, OCI_MANIFEST, manifest};
use crate::server::Request;

/// The repository that tests are about.
pub(crate) const WEB: &str = "team/web";

/// A clock that stands still until it is moved.
#[derive(Debug, Clone, Default)]
pub(crate) struct TestClock(Arc<Mutex<Duration>>);

impl TestClock {
    pub(crate) fn advance(&self, seconds: u64) {
        *self.0.lock().unwrap() += Duration::from_secs(seconds);
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap() + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

/// The same credential for every registry, until it is changed.
#[derive(Debug, Clone)]
pub(crate) struct TestCredentials(Arc<Mutex<Credential>>);

impl TestCredentials {
    pub(crate) fn set(&self, credential: Credential) {
        *self.0.lock().unwrap() = credential;
    }
}

impl Default for TestCredentials {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Credential::Anonymous)))
    }
}

#[async_trait]
impl Credentials for TestCredentials {
    async fn credential(&self, _registry: &RegistryHost) -> Result<Credential, CredentialsError> {
        Ok(self.0.lock().unwrap().clone())
    }
}

pub(crate) fn account(username: &str, password: &str) -> Credential {
    Credential::Basic {
        username: username.to_owned(),
        password: password.into(),
    }
}

pub(crate) struct Fixture {
    pub(crate) double: Double,
    pub(crate) registry: DockerRegistry,
    pub(crate) clock: TestClock,
    pub(crate) credentials: TestCredentials,
}

/// A double with one tag `v1`, and the adapter with its default settings.
pub(crate) async fn fixture() -> Fixture {
    fixture_with(RegistrySettings::default()).await
}

pub(crate) async fn fixture_with(settings: RegistrySettings) -> Fixture {
    let double = Double::start().await;
    double.push(WEB, "v1", OCI_MANIFEST, &manifest(1));
    let (clock, credentials) = (TestClock::default(), TestCredentials::default());
    let registry = adapter(settings, &credentials, &clock);
    Fixture {
        double,
        registry,
        clock,
        credentials,
    }
}

/// Does what the server does at its start.
pub(crate) fn install_tls_provider() {
    // A second test of the same process finds it installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

pub(crate) fn adapter(
    defaults: RegistrySettings,
    credentials: &TestCredentials,
    clock: &TestClock,
) -> DockerRegistry {
    install_tls_provider();
    let settings = Settings {
        defaults,
        ..Settings::default()
    };
    DockerRegistry::new(
        settings,
        Arc::new(credentials.clone()),
        Arc::new(clock.clone()),
    )
    .unwrap()
}

impl Fixture {
    pub(crate) fn repository(&self, path: &str) -> Repository {
        format!("{}/{path}", self.double.server.host())
            .parse()
            .unwrap()
    }

    pub(crate) async fn tags(&self) -> Result<Arc<TagList>, RegistryError> {
        self.tags_of(WEB).await
    }

    pub(crate) async fn tags_of(&self, path: &str) -> Result<Arc<TagList>, RegistryError> {
        self.registry.tags(&self.repository(path)).await
    }

    /// The tags that are listed; the registry is well.
    pub(crate) async fn listed(&self) -> Vec<String> {
        self.tags()
            .await
            .unwrap()
            .iter()
            .map(str::to_owned)
            .collect()
    }

    pub(crate) async fn resolve(&self, tag: &str) -> Result<Option<Image>, RegistryError> {
        self.resolve_known(tag, None).await
    }

    pub(crate) async fn resolve_known(
        &self,
        tag: &str,
        known: Option<&Image>,
    ) -> Result<Option<Image>, RegistryError> {
        let tag: Tag = tag.parse().unwrap();
        self.registry
            .resolve(&self.repository(WEB), &tag, known)
            .await
    }

    pub(crate) async fn metadata(&self, digest: &Digest) -> Result<ImageMetadata, RegistryError> {
        self.registry.metadata(&self.repository(WEB), digest).await
    }

    /// What was asked since the last call, as `METHOD target`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.double
            .server
            .take_requests()
            .iter()
            .map(line)
            .collect()
    }
}

pub(crate) fn line(request: &Request) -> String {
    format!("{} {}", request.method, request.target)
}

/// Where a listing of the repository starts.
pub(crate) const LIST: &str = "GET /v2/team/web/tags/list?n=1000";
