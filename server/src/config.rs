//! The configuration: read from all its sources, checked as a whole, and written back.
//!
//! [`Sources`] merges, from weak to strong, the embedded `config/default.toml`, the given files and the [`Environment`].
//! Each section has a file here with its wire struct, which unknown keys are errors for, and its checked result, a field of
//! [`Config`]. Nothing stops at the first fault: [`ConfigError`] lists them all. A file in the shape of the Go service that
//! this one replaces is recognised and translated before it is merged.
//!
//! Relative paths in a configuration are relative to the working directory of the process.

mod auth;
mod deployers;
mod docker_config;
mod document;
mod environment;
mod exposure;
mod fault;
mod go_service;
mod key;
mod layer;
mod log;
mod nearest;
mod notifications;
mod policy;
mod poll;
mod reading;
mod registries;
mod rollout;
mod scalar;
mod secret;
mod server;
mod sources;
mod store;
mod watches;

use std::collections::BTreeMap;

use registrywatcher::image::RegistryHost;
use registrywatcher::watch::{DeployerName, Watch, WatchName};
use serde::Deserialize;

pub use auth::{AuthConfig, Role, TokenConfig, TokenHash, TokenOrigin};
pub use deployers::DeployerConfig;
pub use docker_config::DockerConfig;
pub use environment::Environment;
pub use exposure::ExposureError;
pub use fault::{ConfigError, Finding};
pub use key::Key;
pub use log::{LogConfig, LogFormat};
pub use notifications::{NotificationsConfig, SlackConfig};
pub use poll::PollConfig;
pub use registries::{Login, RegistryConfig};
pub use rollout::RolloutConfig;
pub use secret::{REDACTED, Secret};
pub use server::ServerConfig;
pub use sources::{Loaded, Sources};
pub use store::StoreConfig;

use document::Document;
use fault::Findings;
use watches::Surroundings;

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
    /// Who is told what happens.
    pub notifications: NotificationsConfig,
    /// What is told about the program itself.
    pub log: LogConfig,
    /// How long a deployment may take.
    pub rollout: RolloutConfig,
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
    notifications: notifications::Wire,
    registries: BTreeMap<String, registries::Wire>,
    deployers: BTreeMap<String, deployers::Wire>,
    watches: BTreeMap<String, watches::Wire>,
}

/// The keys of [`Wire`], by which a section is told from a key of the Go service.
const SECTIONS: [&str; 11] = [
    "docker_config",
    "server",
    "store",
    "auth",
    "log",
    "poll",
    "rollout",
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
        let auth = self.auth.check(&root.child("auth"), findings);
        let log = self.log.check(&root.child("log"), findings);
        let poll = self.poll.check(&root.child("poll"), findings);
        let rollout = self.rollout.check(&root.child("rollout"), findings);
        let notifications = self
            .notifications
            .check(&root.child("notifications"), findings);
        let registries = registries::check(self.registries, &root.child("registries"), findings);
        let around = Surroundings {
            deployers: self.deployers.keys().cloned().collect(),
            interval: poll.as_ref().map(|poll| poll.interval),
            at: root.child("watches"),
        };
        let deployers = deployers::check(self.deployers, &root.child("deployers"), findings);
        let watches = watches::check(self.watches, &around, findings);
        Some(Config {
            server: server?,
            store: store?,
            registries,
            docker_config: docker_config?,
            deployers,
            watches,
            auth: auth?,
            poll: poll?,
            notifications: notifications?,
            log: log?,
            rollout: rollout?,
        })
    }
}

impl Config {
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
        self.notifications.write(&mut document);
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
