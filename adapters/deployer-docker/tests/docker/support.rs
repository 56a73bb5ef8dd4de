//! Images, containers, and deployments of one test, side by side with those of the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use registrywatcher::deployment::DeploymentId;
use registrywatcher::image::{Digest, Image, ImageReference};
use registrywatcher::intent::Candidate;
use registrywatcher::ports::{Apply, DeployError, Deployer, DeployerContext, Progress, Rollout};
use registrywatcher::watch::Workload;
use registrywatcher_conformance::backends::{DockerEngine, accept};
use registrywatcher_conformance::samples;
use registrywatcher_deployer_docker::{DockerDeployer, Settings};
use registrywatcher_memory::{MemoryClock, MemoryCredentials, SequentialIds};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

/// What one test has of the engine: a container's name and a repository of its own.
pub(crate) struct World {
    pub(crate) engine: &'static DockerEngine,
    pub(crate) name: String,
    repository: String,
    pub(crate) credentials: Arc<MemoryCredentials>,
}

static WORLDS: AtomicU32 = AtomicU32::new(0);

pub(crate) const SERVE: &[&str] = DockerEngine::SERVE;
pub(crate) const FAIL: &[&str] = DockerEngine::FAIL;

impl World {
    /// An engine with nothing of this test in it; `None` where there can be none.
    pub(crate) fn new() -> Option<Self> {
        let engine = DockerEngine::shared()?;
        let number = WORLDS.fetch_add(1, Ordering::Relaxed);
        let name = format!("web-{number}");
        Some(Self {
            engine,
            repository: format!("{}/team/{name}", engine.registry().host()),
            name,
            credentials: Arc::new(MemoryCredentials::new()),
        })
    }

    /// As [`Self::new`], with a container that runs `v1`.
    pub(crate) async fn with_v1() -> Option<Self> {
        let world = Self::new()?;
        world.push("v1", SERVE).await;
        world.run("v1", |_| {}).await;
        Some(world)
    }

    /// The same engine, of another registry's repository and another container.
    pub(crate) fn in_repository(&self, repository: &str, name: &str) -> Self {
        Self {
            engine: self.engine,
            name: name.to_owned(),
            repository: repository.to_owned(),
            credentials: Arc::new(MemoryCredentials::new()),
        }
    }

    pub(crate) fn reference(&self, tag: &str) -> String {
        format!("{}:{tag}", self.repository)
    }

    /// Pushes an image with these instructions under `tag`, which is its own content, and removes it here.
    pub(crate) async fn push(&self, tag: &str, instructions: &[&str]) -> Digest {
        self.engine.push(&self.repository, tag, instructions).await
    }

    /// Runs the image of `tag` under the test's name, as `docker run` would.
    pub(crate) async fn run(&self, tag: &str, change: impl FnOnce(&mut Value)) -> String {
        let pulled = self
            .request(Method::POST, "images/create")
            .query(&[("fromImage", self.repository.as_str()), ("tag", tag)]);
        accept(pulled).await;
        self.run_here(&self.name, &self.reference(tag), change)
            .await
    }

    /// Runs an image that is here.
    pub(crate) async fn run_here(
        &self,
        name: &str,
        image: &str,
        change: impl FnOnce(&mut Value),
    ) -> String {
        let mut body = json!({ "Image": image, "HostConfig": { "NetworkMode": "none" } });
        change(&mut body);
        let create = self
            .request(Method::POST, "containers/create")
            .query(&[("name", name)])
            .json(&body);
        let created: Value = serde_json::from_str(&accept(create).await).expect("JSON");
        let id = created["Id"].as_str().expect("an id").to_owned();
        self.act(&id, "start").await;
        id
    }

    /// `POST /containers/{container}/{what}`.
    pub(crate) async fn act(&self, container: &str, what: &str) {
        let path = format!("containers/{container}/{what}");
        accept(self.request(Method::POST, &path)).await;
    }

    /// As `docker update` of the container of the test's name.
    pub(crate) async fn update(&self, change: &Value) {
        let path = format!("containers/{}/update", self.name);
        accept(self.request(Method::POST, &path).json(change)).await;
    }

    pub(crate) async fn remove(&self, container: &str) {
        let path = format!("containers/{container}?force=true");
        accept(self.request(Method::DELETE, &path)).await;
    }

    pub(crate) async fn make_network(&self, network: &str, subnet: &str) {
        let body = json!({ "Name": network, "IPAM": { "Config": [{ "Subnet": subnet }] } });
        let create = self.request(Method::POST, "networks/create").json(&body);
        accept(create).await;
    }

    /// Its bridge would outlive the engine.
    pub(crate) async fn remove_network(&self, network: &str) {
        let path = format!("networks/{network}");
        accept(self.request(Method::DELETE, &path)).await;
    }

    pub(crate) async fn connect(&self, network: &str, endpoint: Value) {
        let body = json!({ "Container": self.name, "EndpointConfig": endpoint });
        let path = format!("networks/{network}/connect");
        accept(self.request(Method::POST, &path).json(&body)).await;
    }

    pub(crate) async fn inspect(&self, container: &str) -> Option<Value> {
        self.engine
            .find(&format!("containers/{container}/json"))
            .await
    }

    /// The container of the test's name.
    pub(crate) async fn container(&self) -> Value {
        let found = self.inspect(&self.name).await;
        found.expect("the container is there")
    }

    /// The names of all containers that begin with the test's.
    pub(crate) async fn names(&self) -> Vec<String> {
        let all = self.request(Method::GET, "containers/json?all=true");
        let all: Value = serde_json::from_str(&accept(all).await).expect("JSON");
        let mut names: Vec<String> = all
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|one| Some(one["Names"][0].as_str()?[1..].to_owned()))
            .filter(|name| *name == self.name || name.starts_with(&format!("{}-rw-", self.name)))
            .collect();
        names.sort();
        names
    }

    /// How often a container was made for the test's name by a deployment.
    pub(crate) async fn made(&self) -> usize {
        let filters = json!({
            "type": ["container"], "event": ["create"],
            "label": [format!("registrywatcher.container={}", self.name)],
        });
        let events = self.request(Method::GET, "events").query(&[
            ("since", "0"),
            ("until", &until_now()),
            ("filters", &filters.to_string()),
        ]);
        accept(events).await.lines().count()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.engine.request(method, path)
    }

    pub(crate) fn workload(&self) -> Workload {
        samples::workload("engine", &[("container", &self.name)])
    }

    pub(crate) fn context(&self) -> DeployerContext {
        DeployerContext {
            name: "engine".parse().expect("a name"),
            credentials: self.credentials.clone(),
            clock: Arc::new(MemoryClock::new()),
            ids: Arc::new(SequentialIds::new()),
            environment: Arc::new(|_| None),
        }
    }

    pub(crate) fn deployer_at(&self, address: String) -> Arc<DockerDeployer> {
        let settings = Settings {
            address: Some(address),
            settle_time: Duration::from_secs(1),
            ..Settings::default()
        };
        let deployer = DockerDeployer::new(settings, &self.context()).expect("it can be built");
        Arc::new(deployer.with_follow_wait(Duration::from_millis(500)))
    }

    pub(crate) fn deployer(&self) -> Arc<DockerDeployer> {
        self.deployer_at(self.engine.address())
    }

    pub(crate) fn apply(&self, id: u128, tag: &str, digest: &Digest) -> Apply {
        Apply {
            id: DeploymentId(Uuid::from_u128(id)),
            workload: self.workload(),
            source: self.repository.parse().expect("a reference"),
            candidate: Candidate {
                tag: samples::tag(tag),
                image: Image::of_digest(digest.clone()),
            },
            forced: false,
            previous: None,
        }
    }

    /// Deploys, and gives how it ended.
    pub(crate) async fn deploy(&self, id: u128, tag: &str, digest: &Digest) -> Progress {
        let deployer = self.deployer();
        let apply = self.apply(id, tag, digest);
        let accepted = deployer.apply(&apply).await.expect("it is accepted");
        let handle = accepted.handle;
        registrywatcher_conformance::deployer::follow_to_end(&*deployer, &Rollout { apply, handle })
            .await
    }

    /// Why a deployment is refused.
    pub(crate) async fn refusal(&self, digest: &Digest) -> String {
        let apply = self.apply(9, "v2", digest);
        match self.deployer().apply(&apply).await {
            Err(error @ DeployError::Refused { .. }) => error.to_string(),
            other => panic!("it is refused, got {other:?}"),
        }
    }

    /// What the deployer says that runs.
    pub(crate) async fn running(&self) -> ImageReference {
        let running = self.deployer().running(&self.workload()).await;
        let running = running.expect("it can be asked for");
        running.expect("something runs").image
    }
}

/// A moment that is over for the engine when it reads it, or it would wait for more events.
fn until_now() -> String {
    let now = std::process::Command::new("date").arg("+%s.%N").output();
    let now = now.expect("there is a clock").stdout;
    String::from_utf8(now).expect("digits").trim().to_owned()
}
