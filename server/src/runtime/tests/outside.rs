//! A registry and an orchestrator that take their time, and replicas of the application between them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registrywatcher::app::{App, Discovery, Ports, Settings, Sharing, Waker};
use registrywatcher::deployment::{DeploymentId, Running};
use registrywatcher::discovery::Rules;
use registrywatcher::image::{Digest, Image, Repository, Tag, TagList};
use registrywatcher::ports::{
    Accepted, Apply, Capabilities, Clock, DeployError, Deployer, DiscoverError, Discovered,
    ImageMetadata, Progress, Registry, RegistryError, Rollout,
};
use registrywatcher::watch::{Mode, Unit, Watch, Workload};
use registrywatcher_conformance::samples;
use registrywatcher_memory::{
    MemoryDeployer, MemoryRegistry, MemoryStore, RegistryFault, SequentialIds,
};
use tokio::time::{Instant, sleep};

use crate::config::Sources;
use crate::runtime::{Background, Pace, announcements};

pub(super) struct Outside {
    pub(super) registry: Arc<SlowRegistry>,
    pub(super) deployer: Arc<EndlessDeployer>,
    pub(super) store: MemoryStore,
    clock: Arc<TokioClock>,
    ids: SequentialIds,
}

/// One process.
pub(super) struct Replica {
    pub(super) background: Background,
    pub(super) waker: Waker,
}

pub(super) fn repository() -> Repository {
    "registry.example/acme/web".parse().unwrap()
}

impl Outside {
    /// A job runs `v1.0.0`, and `v1.1.0` is there.
    pub(super) fn new() -> Self {
        let clock = Arc::new(TokioClock(Instant::now()));
        let deployer = MemoryDeployer::new();
        deployer.add_workload("web", "registry.example/acme/web:v1.0.0");
        let registry = MemoryRegistry::default();
        for (n, tag) in [(1, "v1.0.0"), (2, "v1.1.0")] {
            registry.publish(&repository(), &samples::tag(tag), samples::image(n));
        }
        Self {
            registry: Arc::new(SlowRegistry::new(registry)),
            deployer: Arc::new(EndlessDeployer::new(deployer)),
            store: MemoryStore::with_clock(Arc::clone(&clock) as _),
            clock,
            ids: SequentialIds::new(),
        }
    }

    /// Starts a replica, which has leases of this time if it shares the work.
    pub(super) async fn start(&self, lease: Option<Duration>) -> Replica {
        let settings = Settings {
            sharing: lease.map(|lease| Sharing {
                lease,
                fingerprint: "the same".to_owned(),
            }),
            ..Settings::default()
        };
        self.start_with(settings, vec![watch()]).await
    }

    /// Starts a replica that asks each minute what is to be watched beside these, and polls that every 50 seconds.
    pub(super) async fn discover(&self, watches: Vec<Watch>) -> Replica {
        let production = ("production".parse().unwrap(), Duration::from_mins(1));
        let settings = Settings {
            discovery: Some(Discovery {
                deployers: [production].into(),
                rules: Rules {
                    registries: ["registry.example".parse().unwrap()].into(),
                    interval: Duration::from_secs(50),
                    min_interval: Duration::ZERO,
                    mode: Mode::Observe,
                },
            }),
            ..Settings::default()
        };
        self.start_with(settings, watches).await
    }

    async fn start_with(&self, settings: Settings, watches: Vec<Watch>) -> Replica {
        let ports = Ports {
            registry: Arc::clone(&self.registry) as _,
            store: Arc::new(self.store.clone()),
            deployers: BTreeMap::from([(
                "production".parse().unwrap(),
                Arc::clone(&self.deployer) as _,
            )]),
            sinks: BTreeMap::new(),
            clock: Arc::clone(&self.clock) as _,
            ids: Arc::new(self.ids.clone()),
        };
        let (waker, announcements) = announcements();
        let app = App::start(ports, settings, watches, Arc::clone(&waker)).await;
        let pace = Pace {
            jitter: 0.0,
            concurrency: 4,
            timeout: Duration::from_secs(30),
        };
        let background = Background::start(Arc::new(app.unwrap()), [], announcements, pace);
        Replica { background, waker }
    }
}

pub(super) fn watch() -> Watch {
    let text = "[deployers.production]\nkind = 'memory'\n[watches.web]\nimage = 'registry.example/acme/web'\n\
                workloads = [{ deployer = 'production', job = 'web' }]";
    let loaded = Sources::new().text("the test", text).load().unwrap();
    loaded.config.watches.into_values().next().unwrap()
}

/// The time of the runtime, which stands still while anything can be done.
struct TokioClock(Instant);

impl Clock for TokioClock {
    fn now(&self) -> DateTime<Utc> {
        samples::at(0) + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Counts how many listings were asked for, and at the same time.
pub(super) struct SlowRegistry {
    inner: MemoryRegistry,
    delay: Mutex<Duration>,
    listings: AtomicUsize,
    running: AtomicUsize,
    peak: AtomicUsize,
}

impl SlowRegistry {
    fn new(inner: MemoryRegistry) -> Self {
        Self {
            inner,
            delay: Mutex::default(),
            listings: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
        }
    }

    pub(super) fn answers_after(&self, delay: Duration) {
        *self.delay.lock().unwrap() = delay;
    }

    pub(super) fn limits_for(&self, retry_after: Duration) {
        let fault = RegistryFault::RateLimited { retry_after };
        self.inner.set_fault(Some(fault));
    }

    pub(super) fn listings(&self) -> usize {
        self.listings.load(Ordering::SeqCst)
    }

    pub(super) fn peak(&self) -> usize {
        self.peak.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Registry for SlowRegistry {
    async fn tags(&self, repository: &Repository) -> Result<Arc<TagList>, RegistryError> {
        self.listings.fetch_add(1, Ordering::SeqCst);
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(running, Ordering::SeqCst);
        let delay = *self.delay.lock().unwrap();
        sleep(delay).await;
        self.running.fetch_sub(1, Ordering::SeqCst);
        self.inner.tags(repository).await
    }

    async fn resolve(
        &self,
        repository: &Repository,
        tag: &Tag,
        known: Option<&Image>,
    ) -> Result<Option<Image>, RegistryError> {
        self.inner.resolve(repository, tag, known).await
    }

    async fn metadata(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<ImageMetadata, RegistryError> {
        self.inner.metadata(repository, digest).await
    }
}

/// Never comes back from taking a deployment on.
pub(super) struct EndlessDeployer {
    inner: MemoryDeployer,
    begun: AtomicUsize,
    running: AtomicUsize,
    let_go: Mutex<Vec<DeploymentId>>,
    is_silent: AtomicBool,
}

impl EndlessDeployer {
    fn new(inner: MemoryDeployer) -> Self {
        Self {
            inner,
            begun: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            let_go: Mutex::default(),
            is_silent: AtomicBool::new(false),
        }
    }

    /// Labels the job, or takes its labels off.
    pub(super) fn label(&self, labels: &[(&str, &str)]) {
        self.inner.set_capabilities(Capabilities {
            discovers: true,
            ..self.inner.capabilities()
        });
        let workload = samples::workload("production", &[("job", "web")]);
        self.inner.label("web", &workload, labels);
    }

    /// Never comes back either from telling which workloads have labels, or does so again.
    pub(super) fn be_silent(&self, is_silent: bool) {
        self.is_silent.store(is_silent, Ordering::SeqCst);
    }

    /// How many attempts were begun, and how many of them have not been dropped.
    pub(super) fn attempts(&self) -> (usize, usize) {
        let count = |count: &AtomicUsize| count.load(Ordering::SeqCst);
        (count(&self.begun), count(&self.running))
    }

    pub(super) fn let_go(&self) -> Vec<DeploymentId> {
        self.let_go.lock().unwrap().clone()
    }
}

/// Counts down when the attempt is dropped.
struct Attempt<'a>(&'a AtomicUsize);

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Deployer for EndlessDeployer {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn unit(&self, workload: &Workload) -> Result<Unit, DeployError> {
        self.inner.unit(workload)
    }

    async fn running(&self, workload: &Workload) -> Result<Option<Running>, DeployError> {
        self.inner.running(workload).await
    }

    async fn apply(&self, _apply: &Apply) -> Result<Accepted, DeployError> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.running.fetch_add(1, Ordering::SeqCst);
        let _attempt = Attempt(&self.running);
        std::future::pending().await
    }

    async fn let_go(&self, id: DeploymentId) {
        assert_eq!(self.attempts().1, 0, "the attempt is dropped first");
        self.let_go.lock().unwrap().push(id);
    }

    async fn discover(&self) -> Result<Vec<Discovered>, DiscoverError> {
        if self.is_silent.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        self.inner.discover().await
    }

    async fn follow(&self, rollout: &Rollout) -> Result<Progress, DeployError> {
        self.inner.follow(rollout).await
    }
}
