//! The Deployer port's contract over its fake.

#![expect(
    clippy::expect_used,
    reason = "a test panics where its premise is broken"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use registrywatcher::deployment::Failure;
use registrywatcher::image::ImageReference;
use registrywatcher::ports::{Apply, Capabilities, Deployer};
use registrywatcher::watch::Workload;
use registrywatcher_conformance::deployer::{DeployerHarness, Moment, apply};
use registrywatcher_conformance::samples;
use registrywatcher_memory::MemoryDeployer;

struct Harness {
    orchestrator: MemoryDeployer,
    /// What the orchestrator is made to do, whatever it says of itself.
    truth: Capabilities,
    labelled: AtomicUsize,
}

impl Harness {
    fn new() -> Self {
        Self::with_capabilities(|_| {})
    }

    fn with_capabilities(change: impl FnOnce(&mut Capabilities)) -> Self {
        let orchestrator = MemoryDeployer::new();
        orchestrator.add_workload("web", "ghcr.io/acme/web:v1");
        orchestrator.add_idle_workload("idle");
        let mut truth = orchestrator.capabilities();
        change(&mut truth);
        orchestrator.set_capabilities(truth);
        let harness = Self {
            orchestrator,
            truth,
            labelled: AtomicUsize::new(0),
        };
        harness.orchestrator.fail_tag(harness.broken().tag);
        harness.orchestrator.hold_tag(samples::tag("v4"));
        harness
    }
}

#[async_trait]
impl DeployerHarness for Harness {
    fn open(&self) -> Arc<dyn Deployer> {
        Arc::new(self.orchestrator.clone())
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
        self.orchestrator.hold_at_canaries(self.healthy().tag);
        self.truth.canaries
    }

    async fn use_reverts(&self) -> bool {
        self.truth.reverts_itself
    }

    async fn replacements(&self) -> usize {
        self.orchestrator
            .generation("web")
            .try_into()
            .expect("the suite counts in small numbers")
    }

    async fn runs(&self) -> Option<ImageReference> {
        Some(self.orchestrator.runs("web")?.image)
    }

    /// Reading and writing are one here, so that nobody can come nearer to the write than this.
    async fn edit(&self, _: Moment) -> bool {
        self.orchestrator.scale("web", 3);
        true
    }

    async fn keeps_edit(&self) -> bool {
        self.orchestrator.count("web") == 3
    }

    async fn deploy_outside(&self, when: Moment) -> bool {
        let hotfix = "ghcr.io/acme/web:hotfix";
        match when {
            Moment::Now => self.orchestrator.deploy_outside("web", hotfix),
            Moment::BeforeNextWrite => self.orchestrator.deploy_outside_meanwhile("web", hotfix),
        }
        true
    }

    async fn label(&self, labels: &[(&str, &str)]) -> Option<Workload> {
        if !self.truth.discovers {
            return None;
        }
        let name = format!("labelled-{}", self.labelled.fetch_add(1, Ordering::Relaxed));
        self.orchestrator.add_workload(&name, "ghcr.io/acme/web:v1");
        self.orchestrator.label(&name, &job(&name), labels);
        Some(job(&name))
    }

    async fn refuse_credentials(&self) -> bool {
        self.orchestrator.refuse_credentials();
        true
    }

    async fn locked(&self) -> Option<Apply> {
        let message = "unauthorized: authentication required".to_owned();
        let reason = Failure::Workload { message };
        self.orchestrator.fail_next(reason, true);
        Some(apply(self, 1, self.healthy()))
    }

    async fn break_down(&self) -> bool {
        self.orchestrator.break_down();
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

mod without_canaries_finding_workloads_by_their_labels {
    async fn harness() -> super::Harness {
        super::Harness::with_capabilities(|capabilities| {
            capabilities.canaries = false;
            capabilities.discovers = true;
        })
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
