use std::sync::Arc;
use std::time::Duration;

use registrywatcher::deployment::{DeploymentId, Failure};
use registrywatcher::image::ImageReference;
use registrywatcher::intent::Candidate;
use registrywatcher::ports::{Apply, DeployError, Deployer, Progress, Rollout};
use registrywatcher::watch::Workload;
use registrywatcher_conformance::samples;
use registrywatcher_deployer_nomad::{NomadDeployer, Settings};
use registrywatcher_memory::MemoryClock;
use registrywatcher_simulator::SimulatedNomad;
use serde_json::Value;
use uuid::Uuid;

/// An image whose checks never pass, one that is never judged, and any other is healthy.
pub(crate) const UNHEALTHY: u8 = 3;
pub(crate) const STALLED: u8 = 4;

/// How often a rollout is followed before a test gives up.
const MOST_FOLLOWS: usize = 60;

/// A deployer whose clock shows a time at which everything that runs has run for long.
pub(crate) fn deployer(settings: Settings) -> NomadDeployer {
    // The second call of a process finds the provider installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let name = "nomad".parse().expect("a name");
    NomadDeployer::new(name, settings, Arc::new(MemoryClock::new())).expect("the settings can work")
}

/// A Nomad whose job `web` runs `team/web:v1`, and a deployer for it.
pub(crate) struct Cluster {
    pub(crate) nomad: SimulatedNomad,
    pub(crate) deployer: NomadDeployer,
    /// What is deployed from.
    pub(crate) source: ImageReference,
}

impl Cluster {
    pub(crate) async fn start() -> Self {
        Self::start_with("team/web:v1", |_| {}).await
    }

    /// As [`Self::start`], with another image and something about the job changed.
    pub(crate) async fn start_with(image: &str, change: impl FnOnce(&mut Value)) -> Self {
        let nomad = SimulatedNomad::start()
            .await
            .expect("a port of the loopback interface is free");
        nomad.service_job_with("web", "app", "app", "docker", image, change);
        nomad.unhealthy_image(samples::digest(UNHEALTHY).as_str());
        nomad.stall_image(samples::digest(STALLED).as_str());
        let image: ImageReference = image.parse().expect("an image of a test can be read");
        let source = image.spelling().parse().expect("a spelling reads back");
        Self {
            deployer: deployer(settings_for(&nomad)),
            nomad,
            source,
        }
    }

    /// Another deployer for the same Nomad, as after a restart of ours.
    pub(crate) fn restart(self) -> Self {
        Self {
            deployer: deployer(settings_for(&self.nomad)),
            ..self
        }
    }

    pub(crate) fn apply(&self, id: u128, tag: &str, image: u8) -> Apply {
        let candidate = Candidate {
            tag: samples::tag(tag),
            image: samples::image(image),
        };
        Apply {
            id: DeploymentId(Uuid::from_u128(id)),
            workload: web(),
            source: self.source.clone(),
            candidate,
            forced: false,
            previous: None,
        }
    }

    /// Applies, and gives what can be followed.
    pub(crate) async fn begin(&self, apply: Apply) -> Result<Rollout, DeployError> {
        let accepted = self.deployer.apply(&apply).await?;
        Ok(Rollout {
            apply,
            handle: accepted.handle,
        })
    }

    /// Follows to the end, or to a promotion that is awaited.
    pub(crate) async fn follow(&self, rollout: &Rollout) -> Progress {
        self.follow_until(rollout, |progress| {
            !matches!(progress, Progress::Rolling { .. })
        })
        .await
    }

    pub(crate) async fn follow_until(
        &self,
        rollout: &Rollout,
        is_enough: impl Fn(&Progress) -> bool,
    ) -> Progress {
        let mut last = None;
        for _ in 0..MOST_FOLLOWS {
            let progress = self
                .deployer
                .follow(rollout)
                .await
                .expect("the rollout can be followed");
            if is_enough(&progress) {
                return progress;
            }
            last = Some(progress);
        }
        panic!("it stays at {last:?}");
    }

    pub(crate) async fn roll_out(&self, apply: Apply) -> Progress {
        let rollout = self.begin(apply).await.expect("the rollout is accepted");
        self.follow(&rollout).await
    }

    /// How many versions the job has.
    pub(crate) fn versions(&self) -> usize {
        self.nomad.versions("web").len()
    }

    pub(crate) fn job(&self) -> Value {
        self.nomad.job("web").expect("the job is there")
    }

    pub(crate) fn image(&self) -> String {
        self.nomad
            .job_image("web", "app", "app")
            .expect("the task has an image")
    }

    /// Asks Nomad for something as an operator does.
    pub(crate) async fn command(&self, path: &str, body: Value) {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(5))
            .build();
        let url = format!("{}/v1/{path}", self.nomad.url());
        let answer = client.expect("a client").post(url).json(&body).send().await;
        let answer = answer.expect("nomad answers");
        assert!(answer.status().is_success(), "{path}: {answer:?}");
    }

    /// The id of the job's newest deployment.
    pub(crate) fn deployment(&self) -> String {
        self.nomad.deployments("web")[0]["ID"]
            .as_str()
            .expect("a deployment has an id")
            .to_owned()
    }
}

pub(crate) fn settings_for(nomad: &SimulatedNomad) -> Settings {
    Settings {
        address: Some(nomad.url()),
        wait: Duration::from_millis(400),
        timeout: Duration::from_secs(5),
        ..Settings::default()
    }
}

pub(crate) fn web() -> Workload {
    samples::workload("nomad", &[("job", "web")])
}

pub(crate) fn by_digest(repository: &str, image: u8) -> String {
    format!("{repository}@{}", samples::digest(image))
}

#[track_caller]
pub(crate) fn assert_failed(progress: &Progress, fault: fn(&Failure) -> bool, was_restored: bool) {
    match progress {
        Progress::Failed { reason, restored } => {
            assert!(fault(reason), "{reason:?}");
            assert_eq!(*restored, was_restored, "{reason:?}");
        }
        other => panic!("expected a failure, got {other:?}"),
    }
}

pub(crate) fn by_orchestrator(reason: &Failure) -> bool {
    matches!(reason, Failure::Orchestrator { .. })
}

pub(crate) fn by_workload(reason: &Failure) -> bool {
    matches!(reason, Failure::Workload { .. })
}
