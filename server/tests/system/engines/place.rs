use std::process::{Command, Stdio};

use registrywatcher::image::Digest;
use registrywatcher_conformance::backends::{DockerEngine, accept};
use reqwest::Method;
use serde_json::{Value, json};

use crate::wait::eventually;

/// What a workload is on the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Docker,
    Swarm,
}

/// A workload on a real engine, with all that a user may give it: environment, labels, a port, and a volume with a file.
pub(crate) struct Place {
    engine: &'static DockerEngine,
    kind: Kind,
    name: String,
}

const VARIABLE: &str = "TOKEN=kept";
/// What stands in the file of the volume.
const WORDS: &str = "what the program keeps";

impl Place {
    /// With nothing in it yet; `None` where no engine can run, which is then printed.
    pub(crate) async fn open(kind: Kind, name: &str) -> Option<Self> {
        let engine = DockerEngine::shared()?;
        if kind == Kind::Swarm {
            engine.lead_swarm().await;
        }
        Some(Self {
            engine,
            kind,
            name: name.to_owned(),
        })
    }

    /// Where its engine is, as `DOCKER_HOST` has it.
    pub(crate) fn engine(&self) -> String {
        self.engine.address()
    }

    pub(crate) fn repository(&self) -> String {
        format!("{}/team/{}", self.engine.registry().host(), self.name)
    }

    /// The lines of its deployer.
    pub(crate) fn settings(&self) -> String {
        let address = self.engine.address();
        match self.kind {
            Kind::Docker => {
                format!("kind = \"docker\"\naddress = \"{address}\"\nsettle_time = \"1s\"")
            }
            Kind::Swarm => format!("kind = \"swarm\"\naddress = \"{address}\""),
        }
    }

    /// Its address there.
    pub(crate) fn address(&self) -> String {
        match self.kind {
            Kind::Docker => format!("container = \"{}\"", self.name),
            Kind::Swarm => format!("service = \"{}\"", self.name),
        }
    }

    pub(crate) async fn push(&self, tag: &str, instructions: &[&str]) -> Digest {
        self.engine
            .push(&self.repository(), tag, instructions)
            .await
    }

    /// Runs the image of a tag, as its user would.
    pub(crate) async fn run(&self, tag: &str) {
        let image = format!("{}:{tag}", self.repository());
        match self.kind {
            Kind::Docker => run_container(self.engine, &self.name, &image, self.volume()).await,
            Kind::Swarm => run_service(self.engine, &self.name, &image, self.volume()).await,
        }
        self.runs(tag).await;
    }

    fn volume(&self) -> Value {
        json!({ "Type": "volume", "Source": format!("{}-data", self.name), "Target": "/data" })
    }

    /// Writes a file into the volume.
    pub(crate) async fn write_file(&self) {
        let containers = self.running().await;
        let path = format!("containers/{}/archive?path=/data", id(&containers[0]));
        let request = self.engine.request(Method::PUT, &path);
        accept(request.body(archive("file", WORDS))).await;
    }

    /// All that the user gave, and we did not write, as the engine has it.
    pub(crate) async fn given(&self) -> Value {
        match self.kind {
            Kind::Docker => {
                let container = self.told("containers", "/json").await;
                let config = &container["Config"];
                json!({
                    "host": container["HostConfig"],
                    "env": config["Env"],
                    "ports": config["ExposedPorts"],
                    "owner": config["Labels"]["owner"],
                })
            }
            Kind::Swarm => {
                let mut spec = self.told("services", "").await["Spec"].take();
                forget_our_labels(&mut spec["Labels"]);
                let template = &mut spec["TaskTemplate"];
                // What goes with the image.
                template["Placement"]["Platforms"] = Value::Null;
                let container = &mut template["ContainerSpec"];
                container["Image"] = Value::Null;
                forget_our_labels(&mut container["Labels"]);
                spec
            }
        }
    }

    async fn told(&self, what: &str, how: &str) -> Value {
        let path = format!("{what}/{}{how}", self.name);
        self.engine.find(&path).await.expect("it is there")
    }

    /// Waits until that version runs, and asserts that nothing of what its user `gave` is lost.
    pub(crate) async fn is_whole(&self, tag: &str, gave: &Value) {
        for container in self.runs(tag).await {
            let config = &container["Config"];
            assert_eq!(config["Labels"]["owner"], "shop", "{container:#}");
            let variables = config["Env"].as_array().unwrap();
            assert!(variables.contains(&json!(VARIABLE)), "{container:#}");
            let path = format!("containers/{}/archive?path=/data/file", id(&container));
            let file = accept(self.engine.request(Method::GET, &path)).await;
            assert!(file.contains(WORDS), "the file of the volume is there");
        }
        assert_eq!(self.given().await, *gave, "{tag}");
    }

    /// Waits until as many containers as there should be run that version, and none another one.
    pub(crate) async fn runs(&self, tag: &str) -> Vec<Value> {
        let count = match self.kind {
            Kind::Docker => 1,
            Kind::Swarm => 3,
        };
        eventually(&format!("{} runs {tag}", self.name), async || {
            let running = self.running().await;
            let is_of = |container: &Value| container["Config"]["Labels"]["version"] == tag;
            (running.len() == count && running.iter().all(is_of)).then_some(running)
        })
        .await
    }

    /// Its containers that run.
    async fn running(&self) -> Vec<Value> {
        let filter = match self.kind {
            Kind::Docker => json!({ "name": [format!("^/{}$", self.name)] }),
            Kind::Swarm => {
                json!({ "label": [format!("com.docker.swarm.service.name={}", self.name)] })
            }
        };
        let list = self.engine.request(Method::GET, "containers/json");
        let list = accept(list.query(&[("filters", filter.to_string())])).await;
        let list: Vec<Value> = serde_json::from_str(&list).unwrap();
        let mut running = Vec::new();
        for listed in list {
            let path = format!("containers/{}/json", id(&listed));
            running.extend(self.engine.find(&path).await);
        }
        running
    }
}

async fn run_container(engine: &DockerEngine, name: &str, image: &str, volume: Value) {
    let pull = engine.request(Method::POST, "images/create");
    accept(pull.query(&[("fromImage", image)])).await;
    let body = json!({
        "Image": image,
        "Env": [VARIABLE],
        "Labels": { "owner": "shop" },
        "ExposedPorts": { "8080/tcp": {} },
        "HostConfig": {
            "NetworkMode": "none",
            "PortBindings": { "8080/tcp": [{ "HostIp": "127.0.0.1", "HostPort": "" }] },
            "Mounts": [volume],
            "RestartPolicy": { "Name": "unless-stopped" },
        },
    });
    let create = engine.request(Method::POST, "containers/create");
    accept(create.query(&[("name", name)]).json(&body)).await;
    let start = format!("containers/{name}/start");
    accept(engine.request(Method::POST, &start)).await;
}

async fn run_service(engine: &DockerEngine, name: &str, image: &str, volume: Value) {
    const SECOND: u64 = 1_000_000_000;
    let change = json!({ "Parallelism": 2, "Monitor": SECOND, "FailureAction": "rollback" });
    let body = json!({
        "Name": name,
        "Labels": { "owner": "shop" },
        "TaskTemplate": {
            "ContainerSpec": {
                "Image": image,
                "Env": [VARIABLE],
                "Labels": { "owner": "shop" },
                "Mounts": [volume],
            },
            "RestartPolicy": { "Condition": "any", "Delay": SECOND / 10 },
            "Placement": { "Constraints": ["node.role==manager"] },
        },
        "Mode": { "Replicated": { "Replicas": 3 } },
        "UpdateConfig": change,
        "RollbackConfig": { "Parallelism": 0, "Monitor": SECOND },
        // The engine has no network to balance load in.
        "EndpointSpec": {
            "Mode": "dnsrr",
            "Ports": [{ "TargetPort": 8080, "PublishMode": "host" }],
        },
    });
    let create = engine.request(Method::POST, "services/create");
    accept(create.json(&body)).await;
}

fn forget_our_labels(labels: &mut Value) {
    let labels = labels.as_object_mut().expect("it has labels");
    labels.retain(|key, _| !key.starts_with("registrywatcher."));
}

fn id(container: &Value) -> &str {
    container["Id"].as_str().unwrap()
}

/// An archive with one file, as `tar` makes it.
fn archive(name: &str, text: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), text).unwrap();
    let made = Command::new("tar")
        .arg("-cC")
        .arg(folder.path())
        .arg(name)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(made.status.success());
    made.stdout
}
