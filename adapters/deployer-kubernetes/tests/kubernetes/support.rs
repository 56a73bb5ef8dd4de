use std::sync::Arc;
use std::time::Duration;

use registrywatcher::deployment::{DeploymentId, Failure};
use registrywatcher::intent::Candidate;
use registrywatcher::ports::{Apply, DeployError, Deployer, Environment, Progress, Rollout};
use registrywatcher::watch::Workload;
use registrywatcher_conformance::deployer::follow_to_end;
use registrywatcher_conformance::samples;
use registrywatcher_deployer_kubernetes::{KubernetesDeployer, Settings};
use registrywatcher_memory::MemoryClock;
use tempfile::TempDir;
use uuid::Uuid;

use crate::double::Kubernetes;

pub(crate) const WEB: &str = "/apis/apps/v1/namespaces/default/deployments/web";
pub(crate) const QUEUE: &str = "/apis/apps/v1/namespaces/default/statefulsets/queue";
pub(crate) const AGENT: &str = "/apis/apps/v1/namespaces/default/daemonsets/agent";
pub(crate) const NIGHTLY: &str = "/apis/batch/v1/namespaces/default/cronjobs/nightly";

/// A cluster, a kubeconfig for it, and a deployer.
pub(crate) struct Cluster {
    pub(crate) kubernetes: Kubernetes,
    pub(crate) deployer: KubernetesDeployer,
    pub(crate) clock: MemoryClock,
    folder: TempDir,
}

impl Cluster {
    /// With Deployment `web`, which runs `team/web:v1`.
    pub(crate) async fn start() -> Self {
        let cluster = Self::empty(settings()).await;
        cluster.kubernetes.create(WEB, "team/web:v1", |_| {});
        cluster
    }

    pub(crate) async fn empty(settings: Settings) -> Self {
        let kubernetes = Kubernetes::start().await;
        let folder = tempfile::tempdir().expect("a folder can be made");
        let clock = MemoryClock::new();
        write_kubeconfig(&folder, &kubernetes.url(), "token: first");
        let deployer = open(&folder, settings, &clock);
        Self {
            kubernetes,
            deployer,
            clock,
            folder,
        }
    }

    pub(crate) fn with(self, settings: Settings) -> Self {
        Self {
            deployer: open(&self.folder, settings, &self.clock),
            ..self
        }
    }

    /// Another deployer, whose credentials are given by the line of a kubeconfig's user.
    pub(crate) fn open_as(&self, user: &str) -> KubernetesDeployer {
        write_kubeconfig(&self.folder, &self.kubernetes.url(), user);
        self.reopen()
    }

    /// Another deployer for the same cluster, as after a restart of ours.
    pub(crate) fn reopen(&self) -> KubernetesDeployer {
        open(&self.folder, settings(), &self.clock)
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(crate) async fn begin(&self, apply: Apply) -> Result<Rollout, DeployError> {
        let accepted = self.deployer.apply(&apply).await?;
        Ok(Rollout {
            apply,
            handle: accepted.handle,
        })
    }

    pub(crate) async fn follow(&self, rollout: &Rollout) -> Progress {
        follow_to_end(&self.deployer, rollout).await
    }

    pub(crate) async fn roll_out(&self, apply: Apply) -> Progress {
        let rollout = self.begin(apply).await.expect("it is accepted");
        self.follow(&rollout).await
    }

    /// Follows until somebody reads this in what a rollout waits for.
    pub(crate) async fn follow_until(&self, rollout: &Rollout, words: &str) {
        let mut last = None;
        for _ in 0..60 {
            let progress = self
                .deployer
                .follow(rollout)
                .await
                .expect("it can be followed");
            if matches!(&progress, Progress::Rolling { detail } if detail.contains(words)) {
                return;
            }
            last = Some(progress);
        }
        panic!("nobody says `{words}`; last was {last:?}");
    }
}

/// Short waits, so that nothing takes long that stays as it is.
pub(crate) fn settings() -> Settings {
    Settings {
        wait: Duration::from_secs(2),
        ..Settings::default()
    }
}

/// A deployer that finds the cluster by `KUBECONFIG`.
fn open(folder: &TempDir, settings: Settings, clock: &MemoryClock) -> KubernetesDeployer {
    // The second call of a process finds the provider installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let path = folder.path().join("kubeconfig");
    let path = path.to_str().expect("a path in UTF-8").to_owned();
    let environment: Environment =
        Arc::new(move |name: &str| (name == "KUBECONFIG").then(|| path.clone()));
    let name = "kubernetes".parse().expect("a name");
    KubernetesDeployer::new(name, settings, &environment, Arc::new(clock.clone()))
        .expect("the settings can work")
}

fn write_kubeconfig(folder: &TempDir, url: &str, user: &str) {
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: it\n\
         contexts: [{{name: it, context: {{cluster: it, user: me}}}}]\n\
         clusters: [{{name: it, cluster: {{server: \"{url}\"}}}}]\n\
         users: [{{name: me, user: {{{user}}}}}]\n"
    );
    std::fs::write(folder.path().join("kubeconfig"), text).expect("a file can be written");
}

pub(crate) fn address(kind: &str, name: &str) -> Workload {
    samples::workload("kubernetes", &[("kind", kind), ("name", name)])
}

/// Deployment number `id` of an image that is told apart by a number, to Deployment `web`.
pub(crate) fn apply(id: u128, tag: &str, image: u8) -> Apply {
    Apply {
        id: DeploymentId(Uuid::from_u128(id)),
        workload: address("deployment", "web"),
        source: "team/web".parse().expect("a repository"),
        candidate: Candidate {
            tag: samples::tag(tag),
            image: samples::image(image),
        },
        forced: false,
        previous: None,
    }
}

/// The same to the object at a path.
pub(crate) fn apply_to(path: &str, id: u128, tag: &str, image: u8) -> Apply {
    let (collection, name) = path.rsplit_once('/').expect("a path");
    let plural = collection.rsplit('/').next().expect("a collection");
    Apply {
        workload: address(plural.trim_end_matches('s'), name),
        ..apply(id, tag, image)
    }
}

/// `team/web` at the digest of that number.
pub(crate) fn pinned(image: u8) -> String {
    format!("team/web@{}", samples::digest(image))
}

/// Asserts that a rollout failed, by whom, with which words.
#[track_caller]
pub(crate) fn assert_failed(progress: &Progress, by: fn(&Failure) -> bool, words: &str) {
    match progress {
        Progress::Failed { reason, .. } if by(reason) => {
            assert!(reason.message().contains(words), "{reason}");
        }
        other => panic!("it failed by another, got {other:?}"),
    }
}

pub(crate) fn by_orchestrator(failure: &Failure) -> bool {
    matches!(failure, Failure::Orchestrator { .. })
}

pub(crate) fn by_workload(failure: &Failure) -> bool {
    matches!(failure, Failure::Workload { .. })
}

/// Asserts that it was refused, with which words.
#[track_caller]
pub(crate) fn assert_refused<T: std::fmt::Debug>(answer: &Result<T, DeployError>, words: &str) {
    match answer {
        Err(error @ DeployError::Refused { .. }) => {
            assert!(error.to_string().contains(words), "{error}");
        }
        other => panic!("refused, got {other:?}"),
    }
}
