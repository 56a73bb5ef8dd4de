//! Images, containers, and deployments of one test, side by side with those of the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use registrywatcher::deployment::DeploymentId;
use registrywatcher::image::{Digest, Image, ImageReference};
use registrywatcher::intent::Candidate;
use registrywatcher::ports::{Apply, DeployError, Deployer, DeployerContext, Progress, Rollout};
use registrywatcher::watch::Workload;
use registrywatcher_conformance::samples;
use registrywatcher_deployer_docker::{DockerDeployer, Settings};
use registrywatcher_memory::{MemoryClock, MemoryCredentials, SequentialIds};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::daemon::Daemon;

/// What one test has of the engine: a container's name and a repository of its own.
pub(crate) struct World {
    pub(crate) daemon: &'static Daemon,
    pub(crate) name: String,
    repository: String,
    http: reqwest::Client,
    pub(crate) credentials: Arc<MemoryCredentials>,
}

static WORLDS: AtomicU32 = AtomicU32::new(0);

/// Runs the program of the images.
pub(crate) const SERVE: &[&str] = &[r#"ENTRYPOINT ["/app"]"#, r#"CMD ["serve"]"#];
/// Exits at once.
pub(crate) const FAIL: &[&str] = &[r#"ENTRYPOINT ["/app"]"#, r#"CMD ["fail"]"#];

impl World {
    /// An engine with nothing of this test in it; `None` where there can be none.
    pub(crate) fn new() -> Option<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let daemon = Daemon::start()?;
        let number = WORLDS.fetch_add(1, Ordering::Relaxed);
        let name = format!("web-{number}");
        Some(Self {
            daemon,
            repository: format!("{}/team/{name}", daemon.registry.host()),
            name,
            http: reqwest::Client::builder()
                .unix_socket(daemon.socket())
                .timeout(Duration::from_mins(1))
                .build()
                .expect("a client of a socket"),
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
            daemon: self.daemon,
            name: name.to_owned(),
            repository: repository.to_owned(),
            http: self.http.clone(),
            credentials: Arc::new(MemoryCredentials::new()),
        }
    }

    pub(crate) fn reference(&self, tag: &str) -> String {
        format!("{}:{tag}", self.repository)
    }

    /// Pushes an image with these instructions under `tag`, which is its own content, and removes it here.
    pub(crate) async fn push(&self, tag: &str, instructions: &[&str]) -> Digest {
        let reference = self.build(&self.repository, tag, instructions).await;
        self.push_built(&reference, "{}").await
    }

    /// Builds an image here alone.
    pub(crate) async fn build(&self, repository: &str, tag: &str, instructions: &[&str]) -> String {
        let mut query = vec![
            ("fromSrc", "-".to_owned()),
            ("repo", repository.to_owned()),
            ("tag", tag.to_owned()),
            ("changes", format!("LABEL version={tag}")),
        ];
        query.extend(
            instructions
                .iter()
                .map(|line| ("changes", (*line).to_owned())),
        );
        let imported = self
            .request(Method::POST, "images/create")
            .query(&query)
            .body(self.daemon.file_system());
        text_of(imported).await;
        format!("{repository}:{tag}")
    }

    pub(crate) async fn push_built(&self, reference: &str, auth: &str) -> Digest {
        let (repository, tag) = reference.rsplit_once(':').expect("a tag");
        let pushed = self
            .request(Method::POST, &format!("images/{repository}/push"))
            .query(&[("tag", tag)])
            .header("X-Registry-Auth", URL_SAFE.encode(auth));
        let told = text_of(pushed).await;
        let digest = told
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .find_map(|line| line["aux"]["Digest"].as_str()?.parse().ok())
            .unwrap_or_else(|| panic!("no digest was told: {told}"));
        let removed = self.request(Method::DELETE, &format!("images/{reference}"));
        text_of(removed).await;
        digest
    }

    /// Runs the image of `tag` under the test's name, as `docker run` would.
    pub(crate) async fn run(&self, tag: &str, change: impl FnOnce(&mut Value)) -> String {
        let pulled = self
            .request(Method::POST, "images/create")
            .query(&[("fromImage", self.repository.as_str()), ("tag", tag)]);
        text_of(pulled).await;
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
        let created: Value = serde_json::from_str(&text_of(create).await).expect("JSON");
        let id = created["Id"].as_str().expect("an id").to_owned();
        self.act(&id, "start").await;
        id
    }

    /// `POST /containers/{container}/{what}`.
    pub(crate) async fn act(&self, container: &str, what: &str) {
        let path = format!("containers/{container}/{what}");
        text_of(self.request(Method::POST, &path)).await;
    }

    pub(crate) async fn remove(&self, container: &str) {
        let path = format!("containers/{container}?force=true");
        text_of(self.request(Method::DELETE, &path)).await;
    }

    pub(crate) async fn make_network(&self, network: &str, subnet: &str) {
        let body = json!({ "Name": network, "IPAM": { "Config": [{ "Subnet": subnet }] } });
        let create = self.request(Method::POST, "networks/create").json(&body);
        text_of(create).await;
    }

    pub(crate) async fn connect(&self, network: &str, endpoint: Value) {
        let body = json!({ "Container": self.name, "EndpointConfig": endpoint });
        let path = format!("networks/{network}/connect");
        text_of(self.request(Method::POST, &path).json(&body)).await;
    }

    pub(crate) async fn inspect(&self, container: &str) -> Option<Value> {
        let request = self.request(Method::GET, &format!("containers/{container}/json"));
        let response = request.send().await.expect("the engine answers");
        response.status().is_success().then_some(())?;
        Some(response.json().await.expect("JSON"))
    }

    /// The container of the test's name.
    pub(crate) async fn container(&self) -> Value {
        let found = self.inspect(&self.name).await;
        found.expect("the container is there")
    }

    /// The names of all containers that begin with the test's.
    pub(crate) async fn names(&self) -> Vec<String> {
        let all = self.request(Method::GET, "containers/json?all=true");
        let all: Value = serde_json::from_str(&text_of(all).await).expect("JSON");
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
        text_of(events).await.lines().count()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("http://docker/v1.41/{path}"))
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
        self.deployer_at(format!("unix://{}", self.daemon.socket().display()))
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

async fn text_of(request: RequestBuilder) -> String {
    let response = request.send().await.expect("the engine answers");
    let status = response.status();
    let text = response.text().await.expect("the answer ends");
    assert!(
        status.is_success() || status == reqwest::StatusCode::NOT_MODIFIED,
        "{status}: {text}"
    );
    text
}
