//! The Deployer port's contract over its fake.

#![expect(
    clippy::expect_used,
    reason = "a test panics where its premise is broken"
)]

use std::sync::Arc;

use async_trait::async_trait;
use registrywatcher::image::ImageReference;
use registrywatcher::ports::{Capabilities, Deployer};
use registrywatcher::watch::Workload;
use registrywatcher_conformance::deployer::DeployerHarness;
use registrywatcher_conformance::samples;
use registrywatcher_memory::MemoryDeployer;

struct Harness(MemoryDeployer);

impl Harness {
    fn new() -> Self {
        let deployer = MemoryDeployer::new();
        deployer.add_workload("web", "ghcr.io/acme/web:v1");
        deployer.add_idle_workload("idle");
        let harness = Self(deployer);
        harness.0.fail_tag(harness.broken().tag);
        harness.0.hold_tag(samples::tag("v4"));
        harness
    }

    fn with_capabilities(change: impl FnOnce(&mut Capabilities)) -> Self {
        let harness = Self::new();
        let mut capabilities = harness.0.capabilities();
        change(&mut capabilities);
        harness.0.set_capabilities(capabilities);
        harness
    }
}

#[async_trait]
impl DeployerHarness for Harness {
    fn open(&self) -> Arc<dyn Deployer> {
        Arc::new(self.0.clone())
    }

    fn workload(&self) -> Workload {
        job("web")
    }

    fn before(&self) -> ImageReference {
        "ghcr.io/acme/web:v1".parse().expect("an image reference")
    }

    fn idle(&self) -> Option<Workload> {
        Some(job("idle"))
    }

    fn unknown(&self) -> Option<Workload> {
        Some(job("api"))
    }

    fn malformed(&self) -> Workload {
        samples::workload("memory", &[("job", "web"), ("task", "server")])
    }

    async fn use_canaries(&self) -> bool {
        self.0.hold_at_canaries(self.healthy().tag);
        true
    }

    async fn replacements(&self) -> usize {
        self.0
            .generation("web")
            .try_into()
            .expect("the suite counts in small numbers")
    }

    async fn break_down(&self) -> bool {
        self.0.break_down();
        true
    }
}

fn job(name: &str) -> Workload {
    samples::workload("memory", &[("job", name)])
}

mod as_it_is {
    async fn harness() -> super::Harness {
        super::Harness::new()
    }

    registrywatcher_conformance::deployer_suite!(harness);
}

mod reverting_by_itself {
    async fn harness() -> super::Harness {
        super::Harness::with_capabilities(|capabilities| capabilities.reverts_itself = true)
    }

    registrywatcher_conformance::deployer_suite!(harness);
}

mod keeping_only_a_tag {
    async fn harness() -> super::Harness {
        super::Harness::with_capabilities(|capabilities| {
            capabilities.pins_digest = false;
            capabilities.carries_mark = false;
        })
    }

    registrywatcher_conformance::deployer_suite!(harness);
}

mod blind {
    async fn harness() -> super::Harness {
        super::Harness::with_capabilities(|capabilities| capabilities.sees_running = false)
    }

    registrywatcher_conformance::deployer_suite!(harness);
}
