//! The use cases: what happens between the ports.
//!
//! One turn of the wheel, and its only way: the poller calls [`App::poll`], which asks the registry and then reconciles each
//! watch of the repository: it decides for each workload and, in one transaction, stores the deployment and its event. The
//! executor calls [`App::advance`] until the deployment has ended. [`App::deliver`] carries events to the sinks. An operator's
//! command only changes the intent or adds a request, and then reconciles as well. Nothing else deploys.

mod commands;
mod deliver;
mod discover;
mod follow;
mod freezes;
mod health;
mod leases;
mod log_tags;
mod news;
mod observe;
mod quarantine;
mod queries;
mod reconcile;
mod roll_out;
mod start;
mod transact;
mod wait;
mod watched;
mod world;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use crate::deployment::DeploymentId;
use crate::event::Route;
use crate::freeze::Breaker;
use crate::image::Repository;
use crate::ports::{Clock, Deployer, Ids, Notifier, Registry, Store};
use crate::watch::{DeployerName, Watch, WatchName};
use watched::Watched;

pub use commands::{CommandError, DeployNow, HoldChange, IntentChange, RollBack};
pub use deliver::{Delivered, ReplayError};
pub use discover::{Discovery, DiscoveryHealth};
pub use freezes::NewFreeze;
pub use health::{Degraded, Instance, RegistryHealth};
pub use observe::Polled;
pub use queries::{
    Decided, Explanation, TagView, WatchQuery, WatchStatus, WatchView, WorkloadView,
};
pub use roll_out::Advance;
pub use start::StartError;
pub use wait::{Asked, Served};

/// What the application works with.
#[derive(Clone)]
pub struct Ports {
    /// Reads registries.
    pub registry: Arc<dyn Registry>,
    /// Remembers.
    pub store: Arc<dyn Store>,
    /// Roll out, by the names under which workloads address them.
    pub deployers: BTreeMap<DeployerName, Arc<dyn Deployer>>,
    /// Tell people, by the names under which their progress is remembered.
    pub sinks: BTreeMap<String, Sink>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes identities.
    pub ids: Arc<dyn Ids>,
}

/// Somebody who is told.
#[derive(Clone)]
pub struct Sink {
    /// Tells them.
    pub notifier: Arc<dyn Notifier>,
    /// What they are told.
    pub route: Route,
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sink")
            .field("route", &self.route)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ports")
            .field("deployers", &self.deployers.keys())
            .field("sinks", &self.sinks.keys())
            .finish_non_exhaustive()
    }
}

/// Times and limits that hold for all watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How long what a deployer said of a workload is believed.
    pub drift_interval: Duration,
    /// How often a repository is listed whose watches are all pinned, so that its tags can still be shown.
    pub listing_interval: Duration,
    /// A tracked tag that stays the wanted one is resolved again at every n-th poll, to notice that it was pushed again.
    pub digest_every: u32,
    /// How long a deployment may take before it is given up.
    pub rollout_deadline: Duration,
    /// How long a request is kept that cannot be served.
    pub request_ttl: Duration,
    /// How long an event is offered to a sink that cannot take it, before it goes to the dead letters.
    pub delivery_deadline: Duration,
    /// How long the log of tags keeps what is no longer so.
    pub tag_log_retention: Duration,
    /// What freezes automatic deployments after too many failures.
    pub breaker: Option<Breaker>,
    /// How the work is shared with other replicas on the same store; `None` where there can be none.
    pub sharing: Option<Sharing>,
    /// How workloads are found that ask to be watched; `None` where none are looked for.
    pub discovery: Option<Discovery>,
}

/// How replicas share the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sharing {
    /// How long a lease lasts by the store's clock; one that is not renewed is taken over after it.
    pub lease: Duration,
    /// What tells the configuration from others.
    pub fingerprint: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            drift_interval: Duration::from_mins(5),
            listing_interval: Duration::from_hours(1),
            digest_every: 10,
            rollout_deadline: Duration::from_mins(30),
            request_ttl: Duration::from_hours(1),
            delivery_deadline: Duration::from_hours(1),
            tag_log_retention: Duration::from_hours(24 * 365),
            breaker: None,
            sharing: None,
            discovery: None,
        }
    }
}

/// What the runtime around the application should attend to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wake {
    /// This deployment can go on: call [`App::advance`].
    Deployment(DeploymentId),
    /// There are new events: call [`App::deliver`].
    Events,
    /// This repository is to be polled now, not only when it is due: call [`App::poll`].
    Repository(Repository),
    /// Other repositories are to be polled than before, or at other intervals: ask [`App::repositories`].
    Repositories,
}

/// Hands wakes to the runtime; it must return at once.
pub type Waker = Arc<dyn Fn(Wake) + Send + Sync>;

/// The application: the ports, the watches, and what is known of the world.
pub struct App {
    ports: Ports,
    settings: Settings,
    watched: RwLock<Arc<Watched>>,
    discovered: Mutex<discover::Answers>,
    world: Mutex<world::World>,
    leases: Option<leases::Leases>,
    waker: Waker,
    news: news::News,
    /// When it started, on the monotonic clock.
    started: Duration,
}

impl App {
    /// What is watched now.
    fn watched(&self) -> Arc<Watched> {
        let watched = self.watched.read();
        Arc::clone(&watched.unwrap_or_else(PoisonError::into_inner))
    }

    /// The watch of that name, if there is one now.
    fn watch_of(&self, name: &WatchName) -> Option<Arc<Watch>> {
        self.watched().get(name).cloned()
    }

    /// The names of all that is watched now, in their order.
    pub fn watch_names(&self) -> Vec<WatchName> {
        self.watched().names().cloned().collect()
    }

    /// Locks what is known; never held across an `await`.
    fn world(&self) -> MutexGuard<'_, world::World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self, wake: Wake) {
        if wake == Wake::Events {
            self.news.tell();
        }
        (self.waker)(wake);
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("watches", &self.watched().len())
            .finish_non_exhaustive()
    }
}
