//! The Registry suite's harness over the real registry.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::image::{Digest, Image, PlatformManifest, Repository, Tag};
use registrywatcher::ports::Registry;
use registrywatcher_conformance::registry::RegistryHarness;
use registrywatcher_registry_docker_v2::{DockerRegistry, RegistrySettings};
use tokio::sync::Mutex;

use crate::docker_registry::{Access, DockerRegistryProcess, PASSWORD, USER};
use crate::double::{OCI_INDEX, OCI_MANIFEST, digest_of, entry, index, manifest};
use crate::fixture::{TestClock, TestCredentials, account, adapter};

pub(crate) struct RealHarness {
    process: Mutex<Option<DockerRegistryProcess>>,
    pub(crate) registry: DockerRegistry,
    repositories: [Repository; 3],
    pushed: AtomicUsize,
    tags: Mutex<BTreeMap<Tag, Digest>>,
}

/// The adapter over a fresh registry; `None` where there is none.
pub(crate) async fn real_harness(access: Access) -> Option<RealHarness> {
    let process = DockerRegistryProcess::start(access).await?;
    for repository in ["suite/web", "suite/empty"] {
        let digest = process.push_manifest(repository, "gone", 0).await;
        process.delete(repository, &digest).await;
    }
    let credentials = TestCredentials::default();
    if access == Access::Password {
        credentials.set(account(USER, PASSWORD));
    }
    let registry = adapter(
        RegistrySettings::default(),
        &credentials,
        &TestClock::default(),
    );
    let repository = |name: &str| format!("{}/suite/{name}", process.host()).parse().unwrap();
    let repositories = ["web", "empty", "unknown"].map(repository);
    Some(RealHarness {
        process: Mutex::new(Some(process)),
        registry,
        repositories,
        pushed: AtomicUsize::new(1),
        tags: Mutex::default(),
    })
}

impl RealHarness {
    fn next_manifest(&self) -> Vec<u8> {
        manifest(self.pushed.fetch_add(1, Ordering::Relaxed))
    }

    async fn push(&self, reference: &str, media_type: &str, body: Vec<u8>) -> Digest {
        let process = self.process.lock().await;
        let process = process.as_ref().expect("the registry was not broken down");
        process.push("suite/web", reference, media_type, body).await
    }
}

#[async_trait]
impl RegistryHarness for RealHarness {
    fn registry(&self) -> &dyn Registry {
        &self.registry
    }

    fn repository(&self) -> &Repository {
        &self.repositories[0]
    }

    fn empty_repository(&self) -> &Repository {
        &self.repositories[1]
    }

    fn unknown_repository(&self) -> &Repository {
        &self.repositories[2]
    }

    async fn publish(&self, tag: &Tag) -> Digest {
        let digest = self
            .push(tag.as_str(), OCI_MANIFEST, self.next_manifest())
            .await;
        self.tags.lock().await.insert(tag.clone(), digest.clone());
        digest
    }

    async fn publish_index(&self, tag: &Tag) -> Image {
        let mut entries = Vec::new();
        let mut platforms = Vec::new();
        for platform in ["linux/amd64", "linux/arm64", "unknown/unknown"] {
            let body = self.next_manifest();
            entries.push(entry(platform, &body));
            let digest = self
                .push(digest_of(&body).as_str(), OCI_MANIFEST, body)
                .await;
            platforms.push(PlatformManifest {
                platform: platform.parse().ok(),
                digest,
            });
        }
        platforms.retain(|entry| entry.platform.is_some());
        Image::of_index(
            self.push(tag.as_str(), OCI_INDEX, index(&entries)).await,
            platforms,
        )
    }

    async fn remove(&self, tag: &Tag) {
        let digest = self
            .tags
            .lock()
            .await
            .remove(tag)
            .expect("the suite removes what it published");
        let process = self.process.lock().await;
        process.as_ref().unwrap().delete("suite/web", &digest).await;
    }

    /// It always lists all tags on one page.
    async fn lose_a_page(&self) -> bool {
        false
    }

    async fn rate_limit(&self, _retry_after: Duration) -> bool {
        false
    }

    async fn break_down(&self) {
        drop(self.process.lock().await.take());
    }
}
