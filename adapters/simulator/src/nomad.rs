//! A Nomad cluster as its HTTP API shows it.

mod allocation;
mod api;
mod cluster;
mod deployment;
mod edits;
mod error;
mod evaluation;
mod job;
mod outages;
mod plan;
mod register;
mod rules;
mod scheduler;
mod settings;
mod state;
mod template;
mod watcher;

use std::{io, net::SocketAddr, sync::Arc};

use serde_json::Value;

pub use self::settings::{NomadFaults, NomadSettings};
use self::{
    api::Api,
    cluster::Cluster,
    register::Registration,
    state::{JobKey, State},
};
use crate::server::{ANY_LOOPBACK, Host};

/// A Nomad cluster in this process, over plain HTTP.
///
/// Clones are handles on the same cluster; the API stops when the last one is dropped. A job's id may be written
/// `namespace:id` wherever a method takes one; `id` alone is in the namespace `default`. A closure given to a method
/// runs while the cluster stands still, so it must not call another method.
#[derive(Debug, Clone)]
pub struct SimulatedNomad {
    host: Arc<Host>,
    cluster: Arc<Cluster>,
}

impl SimulatedNomad {
    /// Starts on a free port of the loopback interface.
    pub async fn start() -> io::Result<Self> {
        Self::start_at(ANY_LOOPBACK).await
    }

    /// Starts on `address`.
    pub async fn start_at(address: SocketAddr) -> io::Result<Self> {
        let (host, listener) = Host::bind(address).await?;
        let nomad = Self {
            host: Arc::new(host),
            cluster: Cluster::new(State::default()),
        };
        nomad.host.serve(listener, nomad.api())?;
        Ok(nomad)
    }

    /// Closes the port and cuts every connection. The cluster behind it goes on.
    pub async fn stop(&self) {
        self.host.stop().await;
    }

    /// Serves again on the same port.
    pub async fn restart(&self) -> io::Result<()> {
        self.host.restart(self.api()).await
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.host.address()
    }

    /// The base address, `http://127.0.0.1:41524`, which is what `NOMAD_ADDR` would be.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Changes how the cluster behaves when nothing is wrong.
    pub fn configure(&self, change: impl FnOnce(&mut NomadSettings)) {
        self.cluster.update(|state| change(&mut state.settings));
    }

    /// Makes something go wrong.
    pub fn fault(&self, change: impl FnOnce(&mut NomadFaults)) {
        self.cluster.update(|state| change(&mut state.faults));
    }

    /// Ends every fault, and forgets every image that was to fail.
    pub fn recover(&self) {
        self.cluster.update(|state| {
            state.faults = NomadFaults::default();
            state.rules.clear();
        });
    }

    /// How many calls the API had.
    pub fn calls(&self) -> u64 {
        self.cluster.read(|state| state.calls)
    }

    /// How many registrations the API accepted, those that changed nothing among them.
    pub fn registrations(&self) -> u64 {
        self.cluster.read(|state| state.registrations)
    }

    /// How many connections are open.
    pub fn connections_open(&self) -> usize {
        self.host.connections().open()
    }

    /// The most connections that were open at once.
    pub fn connections_peak(&self) -> usize {
        self.host.connections().peak()
    }

    fn api(&self) -> Api {
        Api(Arc::clone(&self.cluster))
    }
}

/// What runs.
impl SimulatedNomad {
    /// Adds a service job with one group and one task, which runs at once.
    pub fn service_job(&self, id: &str, group: &str, task: &str, driver: &str, image: &str) {
        let job = template::service_job(&key(id), group, task, driver, image);
        self.add_job(id, job);
    }

    /// Adds a service job as [`SimulatedNomad::service_job`] does, with something about it changed.
    pub fn service_job_with(
        &self,
        id: &str,
        group: &str,
        task: &str,
        driver: &str,
        image: &str,
        change: impl FnOnce(&mut Value),
    ) {
        let mut job = template::service_job(&key(id), group, task, driver, image);
        change(&mut job);
        self.add_job(id, job);
    }

    /// Adds any job, whose namespace it makes if there is none; what it runs is healthy at once.
    ///
    /// # Panics
    ///
    /// When Nomad would refuse the job.
    pub fn add_job(&self, id: &str, job: Value) {
        let key = key(id);
        let registration = Registration {
            job,
            enforce_index: None,
            preserve_counts: false,
        };
        let added = self.cluster.update_and_settle(|state| {
            if !state.settings.namespaces.contains(&key.namespace) {
                state.settings.namespaces.push(key.namespace.clone());
            }
            state.register(&key, registration)
        });
        if let Err(refusal) = added {
            panic!("job {id:?} is refused: {}", refusal.text);
        }
    }

    /// The newest version of a job.
    pub fn job(&self, id: &str) -> Option<Value> {
        self.cluster.read(|state| state.job(&key(id)).cloned())
    }

    /// Every version of a job, newest first.
    pub fn versions(&self, id: &str) -> Vec<Value> {
        self.cluster.read(|state| {
            let versions = state.jobs.get(&key(id)).into_iter().flatten();
            versions.rev().cloned().collect()
        })
    }

    /// The image in the newest version of a job, whether it runs or not.
    pub fn job_image(&self, id: &str, group: &str, task: &str) -> Option<String> {
        let job = self.job(id)?;
        job::image(&job, group, task).map(str::to_owned)
    }

    /// The image that an allocation of the group runs now; a canary does not count.
    pub fn running_image(&self, id: &str, group: &str, task: &str) -> Option<String> {
        let key = key(id);
        self.cluster.read(|state| {
            let mut running = state.allocations.iter().filter(|known| {
                known.key == key && known.group == group && known.is_running() && !known.canary
            });
            let job = state.job_version(&key, running.next()?.job_version)?;
            job::image(job, group, task).map(str::to_owned)
        })
    }

    /// The deployments of a job as the API shows them, newest first.
    pub fn deployments(&self, id: &str) -> Vec<Value> {
        let key = key(id);
        self.cluster.read(|state| {
            let own = state
                .deployments
                .iter()
                .rev()
                .filter(|known| known.key() == key);
            own.filter_map(|known| serde_json::to_value(known).ok())
                .collect()
        })
    }
}

fn key(id: &str) -> JobKey {
    match id.split_once(':') {
        Some((namespace, id)) => JobKey::new(namespace, id),
        None => JobKey::new("default", id),
    }
}
