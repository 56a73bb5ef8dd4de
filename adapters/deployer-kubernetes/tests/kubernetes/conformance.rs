//! The Deployer port's contract, for each kind of object that rolls out.

use std::sync::Arc;

use async_trait::async_trait;
use registrywatcher::image::ImageReference;
use registrywatcher::intent::Candidate;
use registrywatcher::ports::{Apply, Deployer};
use registrywatcher::watch::Workload;
use registrywatcher_conformance::deployer::{DeployerHarness, Moment, apply};
use registrywatcher_conformance::samples::{self, workload};
use serde_json::{Value, json};

use crate::double::LOCKED;
use crate::support::{AGENT, Cluster, QUEUE, WEB, address, settings};

/// What the deployer presents to the API server.
const TOKEN: &str = "a-token-of-the-test";

struct Harness {
    cluster: Cluster,
    path: &'static str,
    kind: &'static str,
    name: &'static str,
}

impl Harness {
    async fn start(path: &'static str, kind: &'static str, name: &'static str) -> Self {
        let cluster = Cluster::empty(settings()).await;
        cluster.kubernetes.create(path, "team/web:v1", |_| {});
        cluster.kubernetes.create(
            "/apis/apps/v1/namespaces/default/deployments/bare",
            "",
            |_| {},
        );
        let token = Some(TOKEN.to_owned());
        cluster.kubernetes.fault(|faults| faults.token = token);
        cluster.open_as(&format!("token: {TOKEN}"));
        Self {
            cluster,
            path,
            kind,
            name,
        }
    }

    /// Somebody else changes the object.
    fn change(&self, when: Moment, change: impl FnOnce(&mut Value) + Send + 'static) -> bool {
        let kubernetes = &self.cluster.kubernetes;
        match when {
            Moment::Now => kubernetes.edit(self.path, change),
            Moment::BeforeNextWrite => {
                kubernetes.fault(|faults| faults.before_patch = Some(Box::new(change)));
            }
        }
        true
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

    async fn runs(&self) -> Option<ImageReference> {
        self.cluster.kubernetes.image(self.path).parse().ok()
    }

    async fn edit(&self, when: Moment) -> bool {
        self.change(when, |object| {
            object["metadata"]["labels"] = json!({ "team": "shop" });
            object["spec"]["minReadySeconds"] = 1.into();
        })
    }

    async fn keeps_edit(&self) -> bool {
        let object = self.cluster.kubernetes.object(self.path);
        object["metadata"]["labels"]["team"] == "shop" && object["spec"]["minReadySeconds"] == 1
    }

    async fn deploy_outside(&self, when: Moment) -> bool {
        self.change(when, |object| {
            object["spec"]["template"]["spec"]["containers"][0]["image"] = "team/web:hotfix".into();
        })
    }

    async fn label(&self, labels: &[(&str, &str)]) -> Option<Workload> {
        let (collection, _) = self.path.rsplit_once('/')?;
        let kubernetes = &self.cluster.kubernetes;
        let mut names = (1..).map(|number| format!("labelled-{number}"));
        let name = names.find(|name| !kubernetes.has(&format!("{collection}/{name}")))?;
        let annotations: Value = labels.iter().copied().collect();
        kubernetes.create(&format!("{collection}/{name}"), "team/web:v1", |object| {
            object["metadata"]["annotations"] = annotations;
        });
        Some(address(self.kind, &name))
    }

    fn secrets(&self) -> Vec<String> {
        vec![TOKEN.to_owned()]
    }

    async fn refuse_credentials(&self) -> bool {
        let another = Some("another".to_owned());
        self.cluster
            .kubernetes
            .fault(|faults| faults.token = another);
        true
    }

    /// Nodes pull with credentials of their own.
    async fn locked(&self) -> Option<Apply> {
        let candidate = Candidate {
            tag: samples::tag("v10"),
            image: samples::image(LOCKED),
        };
        Some(apply(self, 1, candidate))
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
