//! The Deployer port's contract over a real engine.

use std::sync::Arc;

use async_trait::async_trait;
use registrywatcher::image::{Digest, Image, ImageReference};
use registrywatcher::intent::Candidate;
use registrywatcher::ports::Deployer;
use registrywatcher::watch::Workload;
use registrywatcher_conformance::backends::{Fault, FaultProxy, Server};
use registrywatcher_conformance::deployer::DeployerHarness;
use registrywatcher_conformance::samples;
use tokio::sync::Mutex;

use crate::support::{FAIL, SERVE, World};

struct Harness {
    world: World,
    proxy: Mutex<FaultProxy>,
    address: String,
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
        address: format!("tcp://{}", proxy.address()),
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
        self.world.deployer_at(self.address.clone())
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

    async fn break_down(&self) -> bool {
        let mut proxy = self.proxy.lock().await;
        proxy.set(Fault::Refuse).await.expect("the port is closed");
        true
    }
}

registrywatcher_conformance::deployer_suite!(optional harness);
