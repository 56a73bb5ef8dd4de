//! The Deployer port's contract over a real engine.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use registrywatcher::image::{Digest, Image, ImageReference};
use registrywatcher::intent::Candidate;
use registrywatcher::ports::{Apply, Credential, Deployer};
use registrywatcher::watch::Workload;
use registrywatcher_conformance::backends::{DockerRegistry, Fault, FaultProxy, Server};
use registrywatcher_conformance::deployer::{DeployerHarness, Moment, apply};
use registrywatcher_conformance::samples;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::support::{FAIL, SERVE, World};

/// A password that the registry does not know.
const PASSWORD: &str = "a-password-of-the-test";

struct Harness {
    world: World,
    proxy: Mutex<FaultProxy>,
    /// Where the adapters speak with the engine.
    address: std::sync::Mutex<String>,
    /// What runs beside until the end of the test.
    tasks: Mutex<JoinSet<()>>,
    locked: OnceLock<DockerRegistry>,
    labelled: AtomicUsize,
    digests: [Digest; 4],
    /// A container of an image without a name.
    idle: String,
}

async fn harness() -> Option<Harness> {
    let world = World::new()?;
    let undecided = [
        r#"ENTRYPOINT ["/app"]"#,
        r#"HEALTHCHECK --interval=1s --start-period=1h CMD ["/app", "check-fails"]"#,
    ];
    let digests = [
        world.push("v1", SERVE).await,
        world.push("v2", SERVE).await,
        world.push("v3", FAIL).await,
        world.push("v4", &undecided).await,
    ];
    world.run("v1", |_| {}).await;

    let nameless = world.engine.build("nameless", &world.name, SERVE).await;
    let idle = format!("{}-idle", world.name);
    world
        .run_here(&idle, &nameless_id(&world, &nameless).await, |_| {})
        .await;
    let server = Server::Unix(world.engine.socket());
    let proxy = FaultProxy::before(server).await.expect("a free port");
    Some(Harness {
        address: format!("tcp://{}", proxy.address()).into(),
        tasks: Mutex::default(),
        locked: OnceLock::new(),
        labelled: AtomicUsize::new(0),
        proxy: Mutex::new(proxy),
        world,
        digests,
        idle,
    })
}

/// The id of an image whose name was taken away.
async fn nameless_id(world: &World, reference: &str) -> String {
    let held = format!("{}-hold", world.name);
    let id = world.run_here(&held, reference, |_| {}).await;
    let found = world.inspect(&id).await.expect("it runs");
    let image = found["Image"].as_str().expect("an id").to_owned();
    let path = format!("images/{reference}?force=true");
    let untagged = world.request(reqwest::Method::DELETE, &path).send().await;
    assert!(untagged.is_ok_and(|answer| answer.status().is_success()));
    image
}

impl Harness {
    fn candidate(&self, tag: &str, number: usize) -> Candidate {
        Candidate {
            tag: samples::tag(tag),
            image: Image::of_digest(self.digests[number - 1].clone()),
        }
    }
}

#[async_trait]
impl DeployerHarness for Harness {
    fn open(&self) -> Arc<dyn Deployer> {
        let address = self.address.lock().expect("nobody panics with it");
        self.world.deployer_at(address.clone())
    }

    fn workload(&self) -> Workload {
        self.world.workload()
    }

    /// Docker knows the digest of what it pulled by a tag.
    fn before(&self) -> ImageReference {
        format!("{}@{}", self.world.reference("v1"), self.digests[0])
            .parse()
            .expect("an image reference")
    }

    fn idle(&self) -> Option<Workload> {
        Some(samples::workload("engine", &[("container", &self.idle)]))
    }

    fn unknown(&self) -> Option<Workload> {
        Some(samples::workload("engine", &[("container", "nothing")]))
    }

    fn malformed(&self) -> Workload {
        samples::workload("engine", &[("service", "web")])
    }

    fn healthy(&self) -> Candidate {
        self.candidate("v2", 2)
    }

    fn broken(&self) -> Candidate {
        self.candidate("v3", 3)
    }

    fn stuck(&self) -> Option<Candidate> {
        Some(self.candidate("v4", 4))
    }

    async fn replacements(&self) -> usize {
        self.world.made().await
    }

    async fn use_reverts(&self) -> bool {
        true
    }

    async fn runs(&self) -> Option<ImageReference> {
        let container = self.world.container().await;
        container["Config"]["Image"].as_str()?.parse().ok()
    }

    /// Docker has no versions that a write could be tied to.
    async fn edit(&self, when: Moment) -> bool {
        if when == Moment::BeforeNextWrite {
            return false;
        }
        let change = json!({
            "CpuShares": 512,
            "RestartPolicy": { "Name": "on-failure", "MaximumRetryCount": 3 },
        });
        self.world.update(&change).await;
        true
    }

    async fn keeps_edit(&self) -> bool {
        let host = &self.world.container().await["HostConfig"];
        host["CpuShares"] == 512 && host["RestartPolicy"]["MaximumRetryCount"] == 3
    }

    async fn deploy_outside(&self, when: Moment) -> bool {
        if when == Moment::BeforeNextWrite {
            return false;
        }
        self.world.push("hotfix", SERVE).await;
        self.world.remove(&self.world.name).await;
        self.world.run("hotfix", |_| {}).await;
        true
    }

    async fn label(&self, labels: &[(&str, &str)]) -> Option<Workload> {
        let number = self.labelled.fetch_add(1, Ordering::Relaxed);
        // The later ones come first by their names.
        let name = format!("{}-{}", self.world.name, 9 - number);
        let labels: BTreeMap<&str, &str> = labels.iter().copied().collect();
        let v1 = self.world.reference("v1");
        let run = self
            .world
            .run_here(&name, &v1, |body| body["Labels"] = json!(labels));
        run.await;
        Some(samples::workload("engine", &[("container", &name)]))
    }

    fn secrets(&self) -> Vec<String> {
        vec![PASSWORD.to_owned()]
    }

    /// As an authorization plugin of the engine does, or a proxy before it.
    async fn refuse_credentials(&self) -> bool {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("a free port");
        let there = listener.local_addr().expect("its address");
        *self.address.lock().expect("nobody panics with it") = format!("tcp://{there}");
        self.tasks.lock().await.spawn(refuse_all(listener));
        true
    }

    async fn locked(&self) -> Option<Apply> {
        let registry = DockerRegistry::start(Some(("bot", "another")))?;
        let host = registry.host();
        let repository = format!("{host}/team/{}", self.world.name);
        let engine = self.world.engine;
        let image = engine.build(&repository, "v1", SERVE).await;
        let name = format!("{}-locked", self.world.name);
        self.world.run_here(&name, &image, |_| {}).await;
        let credential = Credential::Basic {
            username: "bot".to_owned(),
            password: PASSWORD.to_owned().into(),
        };
        self.world
            .credentials
            .set(host.parse().expect("a host"), credential);
        let _ = self.locked.set(registry);
        Some(Apply {
            workload: samples::workload("engine", &[("container", &name)]),
            source: repository.parse().expect("a repository"),
            ..apply(self, 1, self.healthy())
        })
    }

    async fn break_down(&self) -> bool {
        let mut proxy = self.proxy.lock().await;
        proxy.set(Fault::Refuse).await.expect("the port is closed");
        true
    }
}

/// Refuses whatever is asked.
async fn refuse_all(listener: TcpListener) {
    const BODY: &str = r#"{"message":"authorization denied by plugin guard: no"}"#;
    let length = BODY.len();
    let answer = format!(
        "HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{BODY}"
    );
    while let Ok((mut client, _)) = listener.accept().await {
        // All that is asked here fits into one packet.
        let mut asked = [0; 4096];
        let _ = client.read(&mut asked).await;
        let _ = client.write_all(answer.as_bytes()).await;
    }
}

registrywatcher_conformance::deployer_suite!(optional harness);
