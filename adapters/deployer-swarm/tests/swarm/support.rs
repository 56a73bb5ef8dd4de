//! Services and deployments of one test, side by side with those of the others.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use registrywatcher::deployment::DeploymentId;
use registrywatcher::image::{Digest, Image, ImageReference};
use registrywatcher::intent::Candidate;
use registrywatcher::ports::{Apply, Deployer, DeployerContext, Progress, Rollout};
use registrywatcher::watch::Workload;
use registrywatcher_conformance::backends::{DockerEngine, accept};
use registrywatcher_conformance::deployer::follow_to_end;
use registrywatcher_conformance::samples;
use registrywatcher_deployer_swarm::{Settings, SwarmDeployer};
use registrywatcher_memory::{MemoryClock, MemoryCredentials, SequentialIds};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// What one test has of the swarm: services whose names begin with its own.
pub(crate) struct World {
    pub(crate) engine: &'static DockerEngine,
    pub(crate) name: String,
    pub(crate) repository: String,
    pub(crate) images: &'static Images,
    pub(crate) credentials: Arc<MemoryCredentials>,
}

/// What is in the repository of all tests.
pub(crate) struct Images {
    pub(crate) v1: Digest,
    pub(crate) v2: Digest,
    /// Exits at once.
    pub(crate) fails: Digest,
    /// Is never healthy, and never unhealthy.
    pub(crate) undecided: Digest,
    /// Somebody else's.
    pub(crate) theirs: Digest,
}

static IMAGES: OnceCell<Images> = OnceCell::const_new();
static WORLDS: AtomicU32 = AtomicU32::new(0);

/// In nanoseconds, as Docker writes durations.
pub(crate) const MILLISECOND: u64 = 1_000_000;

impl World {
    /// A swarm with nothing of this test in it; `None` where there can be none.
    pub(crate) async fn new() -> Option<Self> {
        let engine = DockerEngine::shared()?;
        engine.lead_swarm().await;
        let repository = format!("{}/team/web", engine.registry().host());
        let images = IMAGES.get_or_init(|| push(engine, &repository)).await;
        let number = WORLDS.fetch_add(1, Ordering::Relaxed);
        Some(Self {
            engine,
            name: format!("web-{number}"),
            repository,
            images,
            credentials: Arc::new(MemoryCredentials::new()),
        })
    }

    /// As [`Self::new`], with a service that runs `v1`.
    pub(crate) async fn with_v1(change: impl FnOnce(&mut Value)) -> Option<Self> {
        let world = Self::new().await?;
        world.create(&world.name, change).await;
        world.wait_for_tasks(&world.name).await;
        Some(world)
    }

    /// As [`Self::with_v1`], in three replicas.
    pub(crate) async fn with_three_of_v1(change: impl FnOnce(&mut Value)) -> Option<Self> {
        Self::with_v1(|spec| {
            spec["Mode"] = json!({ "Replicated": { "Replicas": 3 } });
            change(spec);
        })
        .await
    }

    pub(crate) fn reference(&self, tag: &str) -> String {
        format!("{}:{tag}", self.repository)
    }

    /// Creates a service of `v1` that Swarm rolls back when an update fails, as `docker service create` would.
    pub(crate) async fn create(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut spec = json!({
            "Name": name,
            "TaskTemplate": {
                "ContainerSpec": { "Image": self.reference("v1") },
                "RestartPolicy": { "Condition": "any", "Delay": 100 * MILLISECOND },
            },
            "Mode": { "Replicated": { "Replicas": 1 } },
            "UpdateConfig": {
                "Parallelism": 0, "Monitor": 500 * MILLISECOND, "FailureAction": "rollback",
            },
            "RollbackConfig": { "Parallelism": 0, "Monitor": 100 * MILLISECOND },
            // The engine has no network to balance load in.
            "EndpointSpec": { "Mode": "dnsrr" },
        });
        change(&mut spec);
        let create = self.engine.request(Method::POST, "services/create");
        accept(create.json(&spec)).await;
    }

    /// Waits until as many tasks run as the service has replicas.
    pub(crate) async fn wait_for_tasks(&self, name: &str) {
        let service = self.engine.find(&format!("services/{name}")).await;
        let replicas =
            service.expect("it is there")["Spec"]["Mode"]["Replicated"]["Replicas"].as_u64();
        for _ in 0..600 {
            let tasks = tasks(self.engine, name).await;
            let is_up = |task: &&Value| task["Status"]["State"] == "running";
            if tasks.iter().filter(is_up).count() as u64 >= replicas.unwrap_or(1) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the tasks of {name} do not run");
    }

    /// Waits until the last update of its service is in that state.
    pub(crate) async fn wait_for_update(&self, state: &str) {
        for _ in 0..600 {
            if self.service().await["UpdateStatus"]["State"] == state {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("its update is never {state}");
    }

    /// The service of the test's name.
    pub(crate) async fn service(&self) -> Value {
        let found = self.engine.find(&format!("services/{}", self.name)).await;
        found.expect("the service is there")
    }

    pub(crate) async fn spec(&self) -> Value {
        self.service().await["Spec"].clone()
    }

    /// How often its tasks were replaced by others: the most of any one replica.
    pub(crate) async fn replacements(&self) -> usize {
        let mut places: BTreeMap<u64, Vec<(String, String)>> = BTreeMap::new();
        for task in tasks(self.engine, &self.name).await {
            let made = task["CreatedAt"].as_str().expect("a time").to_owned();
            let place = places.entry(task["Slot"].as_u64().unwrap_or_default());
            place.or_default().push((made, task["Spec"].to_string()));
        }
        let changes = |mut tasks: Vec<(String, String)>| {
            tasks.sort();
            tasks
                .windows(2)
                .filter(|pair| pair[0].1 != pair[1].1)
                .count()
        };
        places.into_values().map(changes).max().unwrap_or_default()
    }

    pub(crate) async fn remove(&self) {
        let path = format!("services/{}", self.name);
        accept(self.engine.request(Method::DELETE, &path)).await;
    }

    pub(crate) fn workload(&self) -> Workload {
        service(&self.name)
    }

    pub(crate) fn context(&self) -> DeployerContext {
        DeployerContext {
            name: "swarm".parse().expect("a name"),
            credentials: self.credentials.clone(),
            clock: Arc::new(MemoryClock::new()),
            ids: Arc::new(SequentialIds::new()),
            environment: Arc::new(|_| None),
        }
    }

    pub(crate) fn deployer_at(&self, address: String) -> Arc<SwarmDeployer> {
        let settings = Settings {
            address: Some(address),
            ..Settings::default()
        };
        let deployer = SwarmDeployer::new(settings, &self.context()).expect("it can be built");
        Arc::new(deployer.with_follow_wait(Duration::from_secs(1)))
    }

    pub(crate) fn deployer(&self) -> Arc<SwarmDeployer> {
        self.deployer_at(self.engine.address())
    }

    pub(crate) fn apply(&self, id: u128, tag: &str, digest: &Digest) -> Apply {
        Apply {
            id: DeploymentId(Uuid::from_u128(id)),
            workload: self.workload(),
            source: self.repository.parse().expect("a reference"),
            candidate: candidate(tag, digest),
            forced: false,
            previous: None,
        }
    }

    pub(crate) async fn accept(&self, apply: Apply) -> Rollout {
        let accepted = self.deployer().apply(&apply).await;
        let handle = accepted.expect("it is accepted").handle;
        Rollout { apply, handle }
    }

    /// Deploys, and gives how it ended.
    pub(crate) async fn deploy(&self, id: u128, tag: &str, digest: &Digest) -> Progress {
        let rollout = self.accept(self.apply(id, tag, digest)).await;
        follow_to_end(&*self.deployer(), &rollout).await
    }

    /// What the deployer says that runs.
    pub(crate) async fn running(&self) -> ImageReference {
        let running = self.deployer().running(&self.workload()).await;
        let running = running.expect("it can be asked for");
        running.expect("something runs").image
    }
}

impl Drop for World {
    /// Removes its services, or those that fail would go on to.
    fn drop(&mut self) {
        let (engine, name) = (self.engine, self.name.clone());
        let removal = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime
                .expect("a runtime")
                .block_on(remove_all(engine, &name));
        });
        let _ = removal.join();
    }
}

async fn remove_all(engine: &DockerEngine, name: &str) {
    let all = engine.find("services").await.expect("a list");
    for service in all.as_array().into_iter().flatten() {
        let known = service["Spec"]["Name"].as_str().unwrap_or_default();
        if known == name || known.starts_with(&format!("{name}-")) {
            let path = format!("services/{known}");
            let _ = engine.request(Method::DELETE, &path).send().await;
        }
    }
}

async fn push(engine: &DockerEngine, repository: &str) -> Images {
    const UNDECIDED: &str =
        r#"HEALTHCHECK --interval=1s --start-period=1h CMD ["/app", "check-fails"]"#;
    let undecided = [DockerEngine::SERVE, &[UNDECIDED]].concat();
    Images {
        v1: engine.push(repository, "v1", DockerEngine::SERVE).await,
        v2: engine.push(repository, "v2", DockerEngine::SERVE).await,
        fails: engine.push(repository, "v3", DockerEngine::FAIL).await,
        undecided: engine.push(repository, "v4", &undecided).await,
        theirs: engine.push(repository, "v9", DockerEngine::SERVE).await,
    }
}

/// Changes a service as somebody else would, until he is the faster one.
pub(crate) async fn edit(engine: &DockerEngine, name: &str, change: impl Fn(&mut Value)) {
    write(engine, name, &[], change).await;
}

/// Brings back what a service was before, as `docker service rollback` does.
pub(crate) async fn roll_back(engine: &DockerEngine, name: &str) {
    write(engine, name, &[("rollback", "previous")], |_| {}).await;
}

async fn write(
    engine: &DockerEngine,
    name: &str,
    query: &[(&str, &str)],
    change: impl Fn(&mut Value),
) {
    let path = format!("services/{name}");
    for _ in 0..20 {
        let service = engine.find(&path).await.expect("the service is there");
        let mut spec = service["Spec"].clone();
        change(&mut spec);
        let version = service["Version"]["Index"].to_string();
        let update = engine
            .request(Method::POST, &format!("{path}/update"))
            .query(&[("version", version)])
            .query(query)
            .json(&spec);
        let answer = update.send().await.expect("the engine answers");
        if answer.status().is_success() {
            return;
        }
    }
    panic!("{name} cannot be written");
}

/// All tasks of a service that are kept.
pub(crate) async fn tasks(engine: &DockerEngine, name: &str) -> Vec<Value> {
    let filters = json!({ "service": [name] }).to_string();
    let request = engine.request(Method::GET, "tasks");
    let listed = accept(request.query(&[("filters", filters)])).await;
    serde_json::from_str::<Option<Vec<Value>>>(&listed)
        .expect("a list")
        .unwrap_or_default()
}

pub(crate) fn service(name: &str) -> Workload {
    samples::workload("swarm", &[("service", name)])
}

pub(crate) fn candidate(tag: &str, digest: &Digest) -> Candidate {
    Candidate {
        tag: samples::tag(tag),
        image: Image::of_digest(digest.clone()),
    }
}

/// Whether a rollout failed by fault of its image, whether what ran before runs again, and in which words.
#[track_caller]
pub(crate) fn failed(progress: &Progress) -> (bool, bool, String) {
    match progress {
        Progress::Failed { reason, restored } => (
            reason.blames_image(),
            *restored,
            reason.message().to_owned(),
        ),
        other => panic!("it failed, got {other:?}"),
    }
}
