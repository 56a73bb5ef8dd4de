use std::fmt::Write as _;
use std::time::Duration;

use registrywatcher_simulator::{SimulatedNomad, SimulatedRegistry};
use serde_json::Value;

use crate::databases::Database;
use crate::program::Program;
use crate::site::{add_job, head};

/// Many watches on one Postgres, each of a repository and a job of its own.
pub(super) struct Fleet {
    pub(super) registry: SimulatedRegistry,
    pub(super) nomad: SimulatedNomad,
    pub(super) program: Program,
    pub(super) watches: usize,
}

impl Fleet {
    /// Every job runs its first release; `None` where there is no Postgres, which is then printed.
    pub(super) async fn open(watches: usize, lease: Duration) -> Option<Self> {
        let database = Database::postgres()?;
        let registry = SimulatedRegistry::start().await.unwrap();
        let nomad = SimulatedNomad::start().await.unwrap();
        // So that many a replica is struck in the middle of a call, and of a rollout.
        nomad.configure(|settings| settings.health_delay = Duration::from_millis(500));
        nomad.fault(|faults| {
            faults.delay = Some(Duration::from_millis(30));
            faults.late_answers = Some(Duration::from_millis(500));
        });
        let mut config = head(&database, &nomad);
        write!(config, "[replicas]\nlease = \"{}ms\"\n", lease.as_millis()).unwrap();
        for watch in 0..watches {
            let repository = repository(watch);
            registry.publish(&repository, "v1.0.0");
            let image = format!("{}/{repository}", registry.host());
            add_job(&nomad, &name(watch), "server", &format!("{image}:v1.0.0"));
            write!(
                config,
                r#"
                [watches.{name}]
                image = "{image}"
                interval = "1s"
                min_interval = "0s"
                workloads = [{{ deployer = "nomad", job = "{name}", task = "server" }}]
                "#,
                name = name(watch),
            )
            .unwrap();
        }
        Some(Self {
            registry,
            nomad,
            program: Program::new(&config),
            watches,
        })
    }

    /// Publishes a release of a watch, and gives its image as it is written into a job.
    pub(super) fn publish(&self, watch: usize, tag: &str) -> String {
        let repository = repository(watch);
        let digest = self.registry.publish(&repository, tag);
        format!("{}/{repository}@{digest}", self.registry.host())
    }

    pub(super) fn running(&self, watch: usize) -> Option<String> {
        self.nomad.running_image(&name(watch), "app", "server")
    }

    /// The images that were ever registered for a watch, each as often as it was.
    pub(super) fn registered(&self, watch: usize) -> Vec<String> {
        let image = |version: &Value| {
            let image = &version["TaskGroups"][0]["Tasks"][0]["Config"]["image"];
            image.as_str().map(str::to_owned)
        };
        let versions = self.nomad.versions(&name(watch));
        versions.iter().filter_map(image).collect()
    }
}

fn name(watch: usize) -> String {
    format!("app{watch}")
}

fn repository(watch: usize) -> String {
    format!("acme/app{watch}")
}
