//! The Registry suite over the fake.

#![expect(
    clippy::unwrap_used,
    reason = "what a test needs and does not get is its failure"
)]

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::image::{Digest, Image, PlatformManifest, Repository, Tag};
use registrywatcher::ports::Registry;
use registrywatcher_conformance::registry::RegistryHarness;
use registrywatcher_conformance::registry_suite;
use registrywatcher_conformance::samples::digest;
use registrywatcher_memory::{MemoryRegistry, RegistryFault};

struct Harness {
    registry: MemoryRegistry,
    repositories: [Repository; 3],
    pushed: AtomicU8,
}

#[expect(clippy::unused_async, reason = "the suite waits for its harness")]
async fn harness() -> Harness {
    let repositories =
        ["web", "empty", "unknown"].map(|name| format!("registry.example/{name}").parse().unwrap());
    let registry = MemoryRegistry::default();
    registry.create_repository(&repositories[0]);
    registry.create_repository(&repositories[1]);
    Harness {
        registry,
        repositories,
        pushed: AtomicU8::new(0),
    }
}

impl Harness {
    fn next_digest(&self) -> Digest {
        digest(self.pushed.fetch_add(1, Ordering::Relaxed))
    }
}

#[async_trait]
impl RegistryHarness for Harness {
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
        let digest = self.next_digest();
        self.registry
            .publish(self.repository(), tag, Image::of_digest(digest.clone()));
        digest
    }

    async fn publish_index(&self, tag: &Tag) -> Image {
        let entry = |platform: &str| PlatformManifest {
            platform: platform.parse().ok(),
            digest: self.next_digest(),
        };
        let platforms = vec![entry("linux/amd64"), entry("linux/arm64")];
        let image = Image::of_index(self.next_digest(), platforms);
        self.registry.publish(self.repository(), tag, image.clone());
        image
    }

    async fn remove(&self, tag: &Tag) {
        self.registry.remove_tag(self.repository(), tag);
    }

    async fn lose_a_page(&self) -> bool {
        self.registry.set_fault(Some(RegistryFault::Partial));
        true
    }

    async fn rate_limit(&self, retry_after: Duration) -> bool {
        self.registry
            .set_fault(Some(RegistryFault::RateLimited { retry_after }));
        true
    }

    async fn break_down(&self) {
        self.registry.set_fault(Some(RegistryFault::Unavailable));
    }
}

registry_suite!(harness);
