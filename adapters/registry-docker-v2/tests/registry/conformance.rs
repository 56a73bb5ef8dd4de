//! The Registry suite over the double, behind each kind of authentication, and over the real registry.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::image::{Digest, Image, PlatformManifest, Repository, Tag};
use registrywatcher::ports::Registry;
use registrywatcher_conformance::registry::RegistryHarness;
use registrywatcher_conformance::registry_suite;

use crate::double::{Auth, OCI_INDEX, OCI_MANIFEST, entry, index, manifest};
use crate::fixture::{Fixture, account, fixture};
use crate::server::Reply;

struct Harness {
    fixture: Fixture,
    repositories: [Repository; 3],
    pushed: AtomicUsize,
}

async fn harness(auth: Auth) -> Harness {
    let fixture = fixture().await;
    fixture.double.require(auth);
    fixture.double.set_page_size(10);
    fixture.double.create("suite/web");
    fixture.double.create("suite/empty");
    fixture.credentials.set(account("bot", "secret"));
    let repositories =
        ["web", "empty", "unknown"].map(|name| fixture.repository(&format!("suite/{name}")));
    Harness {
        fixture,
        repositories,
        pushed: AtomicUsize::new(0),
    }
}

impl Harness {
    fn next_manifest(&self) -> Vec<u8> {
        manifest(self.pushed.fetch_add(1, Ordering::Relaxed))
    }
}

#[async_trait]
impl RegistryHarness for Harness {
    fn registry(&self) -> &dyn Registry {
        &self.fixture.registry
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
        let body = self.next_manifest();
        self.fixture
            .double
            .push("suite/web", tag.as_str(), OCI_MANIFEST, &body)
    }

    async fn publish_index(&self, tag: &Tag) -> Image {
        let double = &self.fixture.double;
        let mut entries = Vec::new();
        let mut platforms = Vec::new();
        for platform in ["linux/amd64", "linux/arm64", "unknown/unknown"] {
            let body = self.next_manifest();
            let digest = double.push_untagged(OCI_MANIFEST, &body);
            entries.push(entry(platform, &body));
            platforms.push(PlatformManifest {
                platform: platform.parse().ok(),
                digest,
            });
        }
        platforms.retain(|entry| entry.platform.is_some());
        let digest = double.push("suite/web", tag.as_str(), OCI_INDEX, &index(&entries));
        Image::of_index(digest, platforms)
    }

    async fn remove(&self, tag: &Tag) {
        self.fixture.double.remove("suite/web", tag.as_str());
    }

    async fn lose_a_page(&self) -> bool {
        self.fixture.double.script(|request, _| {
            request
                .target
                .contains("last=")
                .then(|| Reply::new(502, "bad gateway"))
        });
        true
    }

    async fn rate_limit(&self, retry_after: Duration) -> bool {
        self.fixture.double.script(move |_, _| {
            let seconds = retry_after.as_secs().to_string();
            Some(Reply::new(429, "slow down").with("Retry-After", seconds))
        });
        true
    }

    async fn break_down(&self) {
        self.fixture.double.server.stop().await;
    }
}

mod open {
    use super::*;

    async fn open() -> Harness {
        harness(Auth::Open).await
    }

    registry_suite!(open);
}

mod basic {
    use super::*;

    async fn basic() -> Harness {
        harness(Auth::Basic("bot:secret")).await
    }

    registry_suite!(basic);
}

mod bearer {
    use super::*;

    async fn bearer() -> Harness {
        harness(Auth::BearerFor("bot:secret")).await
    }

    registry_suite!(bearer);
}

mod docker_registry_open {
    use crate::docker_registry::Access;
    use crate::real_harness::{RealHarness, real_harness};

    async fn installed() -> Option<RealHarness> {
        real_harness(Access::Open).await
    }

    super::registry_suite!(installed, where installed);
}

mod docker_registry_with_passwords {
    use crate::docker_registry::Access;
    use crate::real_harness::{RealHarness, real_harness};

    async fn installed() -> Option<RealHarness> {
        real_harness(Access::Password).await
    }

    super::registry_suite!(installed, where installed);
}
