//! The Deployer port's contract, for jobs that Nomad reverts and for jobs that it does not.

use std::sync::Arc;

use async_trait::async_trait;
use registrywatcher::image::ImageReference;
use registrywatcher::intent::Candidate;
use registrywatcher::ports::{Apply, Deployer};
use registrywatcher::watch::Workload;
use registrywatcher_conformance::deployer::{DeployerHarness, Moment, apply};
use registrywatcher_conformance::samples::{self, workload};
use registrywatcher_deployer_nomad::Settings;
use serde_json::{Value, json};

use crate::support::{Cluster, deployer, settings_for, web};

/// What the deployer presents to Nomad.
const TOKEN: &str = "c4f6e8a2-a-token-of-the-test";

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
        let token = Some(TOKEN.to_owned());
        cluster.nomad.configure(|settings| settings.token = token);
        Self(cluster)
    }
}

#[async_trait]
impl DeployerHarness for Harness {
    fn open(&self) -> Arc<dyn Deployer> {
        Arc::new(deployer(Settings {
            token: Some(TOKEN.into()),
            ..settings_for(&self.0.nomad)
        }))
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

    async fn use_reverts(&self) -> bool {
        let nomad = &self.0.nomad;
        nomad.service_job_with("web", "app", "app", "docker", "team/web:v1", |job| {
            job["TaskGroups"][0]["Update"]["AutoRevert"] = true.into();
        });
        true
    }

    async fn replacements(&self) -> usize {
        self.0.versions()
    }

    async fn runs(&self) -> Option<ImageReference> {
        self.0.image().parse().ok()
    }

    async fn edit(&self, when: Moment) -> bool {
        let change = |job: &mut Value| {
            job["Priority"] = json!(70);
            job["TaskGroups"][0]["Tasks"][0]["Env"] = json!({ "MODE": "careful" });
        };
        let nomad = &self.0.nomad;
        match when {
            Moment::Now => drop(nomad.amend("web", change)),
            Moment::BeforeNextWrite => nomad.edit_before_next_register("web", change),
        }
        true
    }

    async fn keeps_edit(&self) -> bool {
        let job = self.0.job();
        let mode = &job["TaskGroups"][0]["Tasks"][0]["Env"]["MODE"];
        job["Priority"] == 70 && mode == "careful"
    }

    async fn deploy_outside(&self, when: Moment) -> bool {
        let change = |job: &mut Value| {
            job["TaskGroups"][0]["Tasks"][0]["Config"]["image"] = "team/web:hotfix".into();
        };
        let nomad = &self.0.nomad;
        match when {
            Moment::Now => drop(nomad.edit("web", change)),
            Moment::BeforeNextWrite => nomad.edit_before_next_register("web", change),
        }
        true
    }

    async fn label(&self, labels: &[(&str, &str)]) -> Option<Workload> {
        let nomad = &self.0.nomad;
        let mut names = (1..).map(|number| format!("labelled-{number}"));
        let name = names.find(|name| nomad.job(name).is_none())?;
        nomad.service_job_with(&name, "app", "app", "docker", "team/web:v1", |job| {
            job["TaskGroups"][0]["Tasks"][0]["Meta"] = labels.iter().copied().collect();
        });
        let parts = [("job", name.as_str()), ("group", "app"), ("task", "app")];
        Some(workload("nomad", &parts))
    }

    fn secrets(&self) -> Vec<String> {
        vec![TOKEN.to_owned()]
    }

    async fn refuse_credentials(&self) -> bool {
        let another = Some("another".to_owned());
        self.0.nomad.configure(|settings| settings.token = another);
        true
    }

    /// Nomad's clients pull with credentials of their own.
    async fn locked(&self) -> Option<Apply> {
        let candidate = Candidate {
            tag: samples::tag("v5"),
            image: samples::image(5),
        };
        let words =
            "Failed to pull `team/web`: API error (500): unauthorized: authentication required";
        let digest = candidate.image.digest.to_string();
        self.0.nomad.fail_image(&digest, words);
        Some(apply(self, 1, candidate))
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
