//! The Deployer port's contract, for jobs that Nomad reverts and for jobs that it does not.

use std::sync::Arc;

use async_trait::async_trait;
use registrywatcher::image::ImageReference;
use registrywatcher::ports::Deployer;
use registrywatcher::watch::Workload;
use registrywatcher_conformance::deployer::DeployerHarness;
use registrywatcher_conformance::samples::workload;
use serde_json::json;

use crate::support::{Cluster, deployer, settings_for, web};

struct Harness(Cluster);

impl Harness {
    async fn start(auto_revert: bool) -> Self {
        let cluster = Cluster::start_with("team/web:v1", |job| {
            job["TaskGroups"][0]["Update"]["AutoRevert"] = auto_revert.into();
        })
        .await;
        cluster
            .nomad
            .service_job_with("script", "app", "app", "exec", "", |job| {
                job["TaskGroups"][0]["Tasks"][0]["Config"] = json!({ "command": "/bin/true" });
            });
        Self(cluster)
    }
}

#[async_trait]
impl DeployerHarness for Harness {
    fn open(&self) -> Arc<dyn Deployer> {
        Arc::new(deployer(settings_for(&self.0.nomad)))
    }

    fn workload(&self) -> Workload {
        web()
    }

    fn before(&self) -> ImageReference {
        "team/web:v1".parse().expect("an image reference")
    }

    fn idle(&self) -> Option<Workload> {
        Some(workload("nomad", &[("job", "script")]))
    }

    fn unknown(&self) -> Option<Workload> {
        Some(workload("nomad", &[("job", "nothing")]))
    }

    fn malformed(&self) -> Workload {
        workload("nomad", &[("service", "web")])
    }

    async fn use_canaries(&self) -> bool {
        let nomad = &self.0.nomad;
        nomad.service_job_with("web", "app", "app", "docker", "team/web:v1", |job| {
            job["TaskGroups"][0]["Update"]["Canary"] = json!(1);
        });
        true
    }

    async fn replacements(&self) -> usize {
        self.0.versions()
    }

    async fn break_down(&self) -> bool {
        self.0.nomad.stop().await;
        true
    }
}

mod a_job_that_stays {
    async fn harness() -> super::Harness {
        super::Harness::start(false).await
    }

    registrywatcher_conformance::deployer_suite!(harness);
}

mod a_job_that_nomad_reverts {
    async fn harness() -> super::Harness {
        super::Harness::start(true).await
    }

    registrywatcher_conformance::deployer_suite!(harness);
}
