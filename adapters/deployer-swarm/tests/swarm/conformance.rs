//! The Deployer port's contract over a real swarm, with a service of three replicas.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use registrywatcher::image::ImageReference;
use registrywatcher::intent::Candidate;
use registrywatcher::ports::{Apply, Credential, Deployer};
use registrywatcher::watch::Workload;
use registrywatcher_conformance::backends::{DockerEngine, DockerRegistry};
use registrywatcher_conformance::deployer::{DeployerHarness, Moment};
use registrywatcher_conformance::samples;
use serde_json::{Value, json};

use crate::between::Between;
use crate::support::{World, candidate, edit, service};

struct Harness {
    world: World,
    between: Between,
    labelled: AtomicU32,
    locked: Mutex<Option<DockerRegistry>>,
}

const PASSWORD: &str = "of-the-locked-registry";
const WRONG: &str = "of-somebody-else";

async fn harness() -> Option<Harness> {
    let world = World::with_three_of_v1(|_| {}).await?;
    Some(Harness {
        between: Between::before(world.engine.socket()).await,
        world,
        labelled: AtomicU32::default(),
        locked: Mutex::default(),
    })
}

impl Harness {
    /// Changes the service by hand, at that moment.
    async fn change(&self, when: Moment, change: fn(&mut Value, &str)) -> bool {
        let (engine, name) = (self.world.engine, self.world.name.clone());
        let theirs = self.world.reference("v9");
        let by_hand = move || {
            let (name, theirs) = (name.clone(), theirs.clone());
            async move { edit(engine, &name, |spec| change(spec, &theirs)).await }
        };
        match when {
            Moment::Now => by_hand().await,
            Moment::BeforeNextWrite => self.between.move_first(1, by_hand),
        }
        true
    }
}

#[async_trait]
impl DeployerHarness for Harness {
    fn open(&self) -> Arc<dyn Deployer> {
        self.world.deployer_at(self.between.address())
    }

    fn workload(&self) -> Workload {
        self.world.workload()
    }

    fn before(&self) -> ImageReference {
        let reference = self.world.reference("v1");
        reference.parse().expect("an image reference")
    }

    fn unknown(&self) -> Option<Workload> {
        Some(service("nothing"))
    }

    fn malformed(&self) -> Workload {
        samples::workload("swarm", &[("container", "web")])
    }

    fn healthy(&self) -> Candidate {
        candidate("v2", &self.world.images.v2)
    }

    fn broken(&self) -> Candidate {
        candidate("v3", &self.world.images.fails)
    }

    fn stuck(&self) -> Option<Candidate> {
        Some(candidate("v4", &self.world.images.undecided))
    }

    /// The service is set so.
    async fn use_reverts(&self) -> bool {
        true
    }

    async fn replacements(&self) -> usize {
        self.world.replacements().await
    }

    async fn runs(&self) -> Option<ImageReference> {
        let spec = self.world.spec().await;
        let image = spec["TaskTemplate"]["ContainerSpec"]["Image"].as_str();
        image?.parse().ok()
    }

    async fn edit(&self, when: Moment) -> bool {
        let change = |spec: &mut Value, _: &str| {
            spec["TaskTemplate"]["ContainerSpec"]["Env"] = json!(["EDITED=1"]);
        };
        self.change(when, change).await
    }

    async fn keeps_edit(&self) -> bool {
        let spec = self.world.spec().await;
        spec["TaskTemplate"]["ContainerSpec"]["Env"] == json!(["EDITED=1"])
    }

    /// As `docker service update --image` does, which leaves our labels where they are.
    async fn deploy_outside(&self, when: Moment) -> bool {
        let change = |spec: &mut Value, theirs: &str| {
            spec["TaskTemplate"]["ContainerSpec"]["Image"] = theirs.into();
        };
        self.change(when, change).await
    }

    async fn label(&self, labels: &[(&str, &str)]) -> Option<Workload> {
        let number = self.labelled.fetch_add(1, Ordering::Relaxed);
        // In another order than they are made.
        let name = format!("{}-labelled-{}", self.world.name, 9 - number);
        let labels: Value = labels.iter().map(|(key, value)| (*key, *value)).collect();
        let change = |spec: &mut Value| {
            spec["Labels"] = labels;
            spec["Mode"]["Replicated"]["Replicas"] = 0.into();
        };
        self.world.create(&name, change).await;
        Some(service(&name))
    }

    fn secrets(&self) -> Vec<String> {
        vec![PASSWORD.to_owned(), WRONG.to_owned()]
    }

    async fn locked(&self) -> Option<Apply> {
        let registry = DockerRegistry::start(Some(("bot", PASSWORD)))?;
        let repository = format!("{}/team/web", registry.host());
        let host = registry.host().parse().expect("a host");
        *self.locked.lock().expect("nobody panics with it") = Some(registry);
        let engine = self.world.engine;
        let second = engine.build(&repository, "v2", DockerEngine::SERVE).await;
        let auth = json!({ "username": "bot", "password": PASSWORD }).to_string();
        let digest = engine.push_built(&second, &auth).await;
        let first = engine.build(&repository, "v1", DockerEngine::SERVE).await;
        let name = format!("{}-locked", self.world.name);
        let change = |spec: &mut Value| {
            spec["TaskTemplate"]["ContainerSpec"]["Image"] = first.into();
        };
        self.world.create(&name, change).await;
        let wrong = Credential::Basic {
            username: "bot".to_owned(),
            password: WRONG.to_owned().into(),
        };
        self.world.credentials.set(host, wrong);
        Some(Apply {
            workload: service(&name),
            source: repository.parse().expect("a reference"),
            ..self.world.apply(1, "v2", &digest)
        })
    }

    async fn break_down(&self) -> bool {
        self.between.go_down();
        true
    }
}

registrywatcher_conformance::deployer_suite!(optional harness);
