use std::time::Duration;

use registrywatcher_conformance::backends::{DockerRegistry, Fault, FaultProxy, Server};
use registrywatcher_simulator::SimulatedNomad;

use super::{holds, is_degraded};
use crate::databases::Database;
use crate::program::Program;
use crate::service::Service;
use crate::site::{REPOSITORY, add_job, head, marks};
use crate::wait::{eventually, within};

/// More than what of an answer passes before it breaks off.
const TAGS: usize = 60;

/// Debian's registry behind a proxy, and a simulated Nomad whose job `web` runs the first release.
struct House {
    registry: DockerRegistry,
    proxy: FaultProxy,
    nomad: SimulatedNomad,
    service: Service,
    /// Kept, since its file goes when it is dropped.
    _database: Database,
}

impl House {
    /// `None` where the registry is not installed, which is then printed.
    async fn open() -> Option<Self> {
        let registry = DockerRegistry::start(None)?;
        for minor in 0..TAGS {
            registry.push(REPOSITORY, &format!("v0.{minor}.0"), "old");
        }
        registry.push(REPOSITORY, "v1.0.0", "v1.0.0");
        let server = Server::Tcp(registry.host().parse().unwrap());
        let proxy = FaultProxy::before(server).await.unwrap();
        let nomad = SimulatedNomad::start().await.unwrap();
        let image = format!("{}/{REPOSITORY}", proxy.address());
        add_job(&nomad, "web", "server", &format!("{image}:v1.0.0"));
        let database = Database::sqlite();
        let mut program = Program::new(&format!(
            r#"{head}
            [watches.web]
            image = "{image}"
            min_interval = "0s"
            workloads = [{{ deployer = "nomad", job = "web", task = "server" }}]
            "#,
            head = head(&database, &nomad),
        ));
        program.set("REGISTRYWATCHER_POLL__TIMEOUT", "2s");
        let service = program.serve().await;
        service.decides("web", "up_to_date").await;
        Some(Self {
            registry,
            proxy,
            nomad,
            service,
            _database: database,
        })
    }

    async fn runs(&self, digest: &str) {
        let image = format!("{}/{REPOSITORY}@{digest}", self.proxy.address());
        eventually(&format!("`web` runs {image}"), async || {
            let running = self.nomad.running_image("web", "app", "server");
            (running.as_ref() == Some(&image)).then_some(())
        })
        .await;
    }

    /// Waits until so many more polls have failed.
    async fn failed_polls(&self, count: usize) {
        let failures = || self.service.log().matches(" WARN ").count();
        let before = failures();
        within(Duration::from_secs(20), "polls fail", async || {
            (failures() >= before + count).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_whose_answers_are_slow_lost_or_cut_short_deploys_nothing_until_it_heals() {
    let Some(mut house) = House::open().await else {
        return;
    };
    let faults = [
        Fault::Truncate { after: 20 },
        Fault::Truncate { after: 500 },
        Fault::Reset { after: 0 },
        Fault::Reset { after: 500 },
        Fault::Slow {
            bytes_per_second: 50,
        },
        Fault::Hang,
        Fault::Refuse,
    ];
    for (fault, release) in faults.into_iter().zip(1..) {
        let tag = format!("v1.{release}.0");
        house.proxy.set(fault).await.unwrap();
        let watch = holds(&house.service, "registry_unknown").await;
        assert!(watch["listing"]["fault"].is_string(), "{fault:?}: {watch}");
        is_degraded(&house.service, "registry").await;
        let digest = house.registry.push(REPOSITORY, &tag, &tag);
        house.failed_polls(2).await;
        assert_eq!(house.nomad.registrations(), release - 1, "{fault:?}");

        house.proxy.set(Fault::None).await.unwrap();
        house.runs(digest.as_str()).await;
        house
            .service
            .newest_deployment("web", &tag, "succeeded")
            .await;
        house.service.decides("web", "up_to_date").await;
        assert_eq!(house.nomad.registrations(), release, "{fault:?}");
        assert_eq!(marks(&house.nomad, "web").len() as u64, release);
    }
}
