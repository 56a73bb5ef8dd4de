use std::collections::BTreeMap;
use std::time::Duration;

use registrywatcher::app::{Discovery, Settings, WatchView};
use registrywatcher::discovery::Rules;
use registrywatcher::ports::{Capabilities, Deployer};
use registrywatcher::watch::{Mode, WatchName, Workload};
use registrywatcher_conformance::samples;
use registrywatcher_memory::MemoryDeployer;

use crate::use_cases::house::{House, WATCH};

/// The name of the watch of the configuration, where there is one.
pub(super) const WEB: &str = WATCH;

/// A house that watches what workloads of `production` and `staging` ask for, and nothing else.
pub(super) struct Town {
    pub(super) house: House,
}

impl Town {
    /// A job `web` of production that runs v1.0.0, the only release there is, and has these labels.
    pub(super) async fn with_web(labels: &[(&str, &str)]) -> Self {
        let mut house = House::with_workload("registry.example/acme/web:v1.0.0").await;
        house.push("v1.0.0", 1);
        house.watches.clear();
        house.store = registrywatcher_memory::MemoryStore::with_clock(std::sync::Arc::new(
            house.clock.clone(),
        ));
        for deployer in [&house.deployer, &house.staging] {
            deployer.set_capabilities(Capabilities {
                discovers: true,
                ..deployer.capabilities()
            });
        }
        house.reconfigure(discover).await;
        let town = Self { house };
        town.label_web(labels);
        town
    }

    pub(super) fn label_web(&self, labels: &[(&str, &str)]) {
        label(&self.house.deployer, "production", "web", labels);
    }

    pub(super) fn label_staging(&self, job: &str, labels: &[(&str, &str)]) {
        label(&self.house.staging, "staging", job, labels);
    }

    /// Asks both deployers.
    pub(super) async fn discover(&self) -> bool {
        discover_at(&self.house).await
    }

    pub(super) fn view(&self, name: &str) -> Option<WatchView> {
        self.house.app.watch(&name.parse().unwrap())
    }

    pub(super) fn watches(&self) -> Vec<String> {
        let names = self.house.app.watch_names();
        names.iter().map(WatchName::to_string).collect()
    }

    pub(super) fn faults(&self) -> Vec<String> {
        let health = self.house.app.discovery().unwrap();
        let faults = health.iter().flat_map(|health| &health.faults);
        faults.map(ToString::to_string).collect()
    }

    pub(super) fn is_retired(&self, name: &str) -> bool {
        let stored = self.house.store.watch(&name.parse().unwrap());
        stored.expect("it is stored").retired
    }

    /// How many events of a kind there were.
    pub(super) fn count(&self, kind: &str) -> usize {
        let events = self.house.events();
        events.iter().filter(|event| **event == kind).count()
    }
}

pub(super) async fn discover_at(house: &House) -> bool {
    let app = &house.app;
    let mut answers = BTreeMap::new();
    for (deployer, _) in app.discovering() {
        answers.insert(deployer.clone(), app.ask_for_workloads(deployer).await);
    }
    app.discover(answers).await
}

pub(super) fn label(deployer: &MemoryDeployer, name: &str, job: &str, labels: &[(&str, &str)]) {
    let workload: Workload = samples::workload(name, &[("job", job)]);
    let labels: Vec<(String, &str)> = labels
        .iter()
        .map(|(label, value)| (format!("registrywatcher.{label}"), *value))
        .collect();
    let labels: Vec<(&str, &str)> = labels
        .iter()
        .map(|(label, value)| (label.as_str(), *value))
        .collect();
    deployer.label(job, &workload, &labels);
}

pub(super) fn discover(settings: &mut Settings) {
    let deployers = ["production", "staging"];
    settings.discovery = Some(Discovery {
        deployers: deployers
            .map(|name| (name.parse().unwrap(), Duration::from_mins(1)))
            .into(),
        rules: Rules {
            registries: ["registry.example".parse().unwrap()].into(),
            interval: Duration::from_mins(1),
            min_interval: Duration::from_secs(10),
            mode: Mode::Deploy,
        },
    });
}
