//! The Deployer port's contract, for each kind of object that rolls out.

use std::sync::Arc;

use async_trait::async_trait;
use registrywatcher::image::ImageReference;
use registrywatcher::ports::Deployer;
use registrywatcher::watch::Workload;
use registrywatcher_conformance::deployer::DeployerHarness;
use registrywatcher_conformance::samples::workload;

use crate::support::{AGENT, Cluster, QUEUE, WEB, address, settings};

struct Harness {
    cluster: Cluster,
    kind: &'static str,
    name: &'static str,
}

impl Harness {
    async fn start(path: &str, kind: &'static str, name: &'static str) -> Self {
        let cluster = Cluster::empty(settings()).await;
        cluster.kubernetes.create(path, "team/web:v1", |_| {});
        cluster.kubernetes.create(
            "/apis/apps/v1/namespaces/default/deployments/bare",
            "",
            |_| {},
        );
        Self {
            cluster,
            kind,
            name,
        }
    }
}

#[async_trait]
impl DeployerHarness for Harness {
    fn open(&self) -> Arc<dyn Deployer> {
        Arc::new(self.cluster.reopen())
    }

    fn workload(&self) -> Workload {
        address(self.kind, self.name)
    }

    fn before(&self) -> ImageReference {
        "team/web:v1".parse().expect("an image reference")
    }

    fn idle(&self) -> Option<Workload> {
        Some(address("deployment", "bare"))
    }

    fn unknown(&self) -> Option<Workload> {
        Some(address(self.kind, "nothing"))
    }

    fn malformed(&self) -> Workload {
        workload("kubernetes", &[("job", "web")])
    }

    async fn replacements(&self) -> usize {
        self.cluster.kubernetes.state().rollouts
    }

    async fn break_down(&self) -> bool {
        self.cluster.kubernetes.stop().await;
        true
    }
}

mod a_deployment {
    async fn harness() -> super::Harness {
        super::Harness::start(super::WEB, "deployment", "web").await
    }

    registrywatcher_conformance::deployer_suite!(harness);
}

mod a_stateful_set {
    async fn harness() -> super::Harness {
        super::Harness::start(super::QUEUE, "statefulset", "queue").await
    }

    registrywatcher_conformance::deployer_suite!(harness);
}

mod a_daemon_set {
    async fn harness() -> super::Harness {
        super::Harness::start(super::AGENT, "daemonset", "agent").await
    }

    registrywatcher_conformance::deployer_suite!(harness);
}
