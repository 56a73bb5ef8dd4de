//! The configuration: read from all its sources, checked as a whole, and written back.
//!
//! [`Sources`] merges, from weak to strong, the embedded `config/default.toml`, the given files and the [`Environment`].
//! Each section has a file here with its wire struct, which unknown keys are errors for, and its checked result, a field of
//! [`Config`]. Nothing stops at the first fault: [`ConfigError`] lists them all. A file in the shape of the Go service that
//! this one replaces is recognised and translated before it is merged.
//!
//! Relative paths in a configuration are relative to the working directory of the process.

mod auth;
mod breaker;
mod delivery;
mod deployers;
mod docker_config;
mod document;
mod environment;
mod exposure;
mod fault;
mod fingerprint;
mod go_service;
mod key;
mod layer;
mod log;
mod notifications;
mod policy;
mod poll;
mod reading;
mod registries;
mod replicas;
mod rollout;
mod scalar;
mod secret;
mod server;
mod sources;
mod store;
mod tag_log;
mod telemetry;
mod watches;

use std::collections::BTreeMap;

use registrywatcher::freeze::Breaker;
use registrywatcher::image::RegistryHost;
use registrywatcher::watch::{DeployerName, Mode, Watch, WatchName};
use serde::Deserialize;

pub use auth::{AuthConfig, TokenConfig, TokenOrigin, token_hash};
pub use delivery::DeliveryConfig;
pub use deployers::{DeployerConfig, DiscoverConfig};
pub use docker_config::DockerConfig;
pub use environment::Environment;
pub use exposure::ExposureError;
pub use fault::{ConfigError, Finding};
pub use key::Key;
pub use log::{LogConfig, LogFormat};
pub use notifications::{Channel, SinkConfig};
pub use poll::PollConfig;
pub use registries::{Login, RegistryConfig};
pub use replicas::ReplicasConfig;
pub use rollout::RolloutConfig;
pub use secret::{REDACTED, Secret};
pub use server::ServerConfig;
pub use sources::{Loaded, Sources};
pub use store::StoreConfig;
pub use tag_log::TagLogConfig;
pub use telemetry::TelemetryConfig;
pub(crate) use watches::MIN_INTERVAL;

use document::Document;
use fault::Findings;
use watches::{Names, Surroundings};

/// The exit code of a program that was used wrongly, `EX_USAGE` of `sysexits.h`: a configuration with faults.
pub const EXIT_USAGE: u8 = 64;

/// A configuration without faults.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// What is listened on, and how much a client may ask.
    pub server: ServerConfig,
    /// Where intents, deployments and events are kept.
    pub store: StoreConfig,
    /// How registries are reached that need more than their name.
    pub registries: BTreeMap<RegistryHost, RegistryConfig>,
    /// Whether Docker's own file says who is presented to all others.
    pub docker_config: DockerConfig,
    /// The orchestrators.
    pub deployers: BTreeMap<DeployerName, DeployerConfig>,
    /// What is watched.
    pub watches: BTreeMap<WatchName, Watch>,
    /// Who may use the API.
    pub auth: AuthConfig,
    /// How often registries and orchestrators are asked.
    pub poll: PollConfig,
    /// Who is told what happens, by the names under which their progress is remembered.
    pub notifications: BTreeMap<String, SinkConfig>,
    /// How they are told.
    pub delivery: DeliveryConfig,
    /// What is told about the program itself.
    pub log: LogConfig,
    /// How long a deployment may take.
    pub rollout: RolloutConfig,
    /// What freezes automatic deployments after too many failures.
    pub breaker: Option<Breaker>,
    /// How replicas share the work.
    pub replicas: ReplicasConfig,
    /// What is remembered of the tags that registries had.
    pub tag_log: TagLogConfig,
    /// Who is sent a trace of each deployment.
    pub telemetry: Option<TelemetryConfig>,
    /// Whether nothing is deployed, be it configured or discovered. No key of the configuration, but an argument.
    pub dry_run: bool,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Wire {
    docker_config: Option<docker_config::Wire>,
    server: server::Wire,
    store: store::Wire,
    auth: auth::Wire,
    log: log::Wire,
    poll: poll::Wire,
    rollout: rollout::Wire,
    breaker: Option<breaker::Wire>,
    replicas: replicas::Wire,
    tag_log: tag_log::Wire,
    telemetry: telemetry::Wire,
    delivery: delivery::Wire,
    notifications: BTreeMap<String, notifications::Wire>,
    registries: BTreeMap<String, registries::Wire>,
    deployers: BTreeMap<String, deployers::Wire>,
    watches: BTreeMap<String, watches::Wire>,
}

/// The keys of [`Wire`], by which a section is told from a key of the Go service.
const SECTIONS: [&str; 16] = [
    "docker_config",
    "server",
    "store",
    "auth",
    "log",
    "poll",
    "rollout",
    "breaker",
    "replicas",
    "tag_log",
    "telemetry",
    "delivery",
    "notifications",
    "registries",
    "deployers",
    "watches",
];

impl Wire {
    /// Checks every section, whatever is wrong with the ones before.
    fn check(self, findings: &mut Findings<'_>) -> Option<Config> {
        let root = Key::root();
        let at = root.child("docker_config");
        let docker_config = docker_config::check(self.docker_config, &at, findings);
        let server = self.server.check(&root.child("server"), findings);
        let store = self.store.check(&root.child("store"), findings);
        let log = self.log.check(&root.child("log"), findings);
        let poll = self.poll.check(&root.child("poll"), findings);
        let rollout = self.rollout.check(&root.child("rollout"), findings);
        let breaker = match self.breaker {
            Some(breaker) => breaker.check(&root.child("breaker"), findings).map(Some),
            None => Some(None),
        };
        let replicas = self.replicas.check(&root.child("replicas"), findings);
        let tag_log = self.tag_log.check(&root.child("tag_log"), findings);
        let telemetry = self.telemetry.check(&root.child("telemetry"), findings);
        let delivery = self.delivery.check(&root.child("delivery"), findings);
        let names = Names {
            configured: self.watches.keys().cloned().collect(),
            may_be_more: deployers::any_discovers(&self.deployers),
        };
        let auth = self.auth.check(&root.child("auth"), &names, findings);
        let at = root.child("notifications");
        let notifications = notifications::check(self.notifications, &names, &at, findings);
        let registries = registries::check(self.registries, &root.child("registries"), findings);
        let around = Surroundings {
            deployers: self.deployers.keys().cloned().collect(),
            interval: poll.as_ref().map(|poll| poll.interval),
            at: root.child("watches"),
        };
        let deployers = deployers::check(self.deployers, &root.child("deployers"), findings);
        let watches = watches::check(self.watches, &around, findings);
        deployers::check_links(&deployers, &watches, &root.child("deployers"), findings);
        Some(Config {
            server: server?,
            store: store?,
            registries,
            docker_config: docker_config?,
            deployers,
            watches,
            auth: auth?,
            poll: poll?,
            notifications,
            delivery: delivery?,
            log: log?,
            rollout: rollout?,
            breaker: breaker?,
            replicas: replicas?,
            tag_log: tag_log?,
            telemetry,
            dry_run: false,
        })
    }
}

impl Config {
    /// Lets everything be decided and told, and nothing be deployed.
    pub fn run_dry(&mut self) {
        self.dry_run = true;
        for watch in self.watches.values_mut() {
            watch.mode = Mode::Observe;
        }
    }

    /// The configuration as a file in its own shape, every key written out; [`REDACTED`] stands for each secret.
    pub fn to_toml(&self) -> String {
        let mut document = Document::default();
        self.docker_config.write(&mut document);
        self.server.write(&mut document);
        self.store.write(&mut document);
        self.auth.write(&mut document);
        self.log.write(&mut document);
        self.poll.write(&mut document);
        self.rollout.write(&mut document);
        if let Some(breaker) = &self.breaker {
            breaker::write(breaker, &mut document);
        }
        self.replicas.write(&mut document);
        self.tag_log.write(&mut document);
        if let Some(telemetry) = &self.telemetry {
            telemetry.write(&mut document);
        }
        self.delivery.write(&mut document);
        for (name, sink) in &self.notifications {
            sink.write(name, &mut document);
        }
        for (host, registry) in &self.registries {
            registry.write(host, &mut document);
        }
        for (name, deployer) in &self.deployers {
            deployer.write(name, &mut document);
        }
        for watch in self.watches.values() {
            watches::write(watch, &mut document);
        }
        document.finish()
    }
}

#[cfg(test)]
mod tests;
