//! The application over in-memory adapters, driven by hand.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use registrywatcher::app::{Advance, App, Ports, Settings, Sharing, Sink, Wake, WatchView};
use registrywatcher::decision::{Decision, HoldReason};
use registrywatcher::deployment::{Deployment, DeploymentId};
use registrywatcher::event::Route;
use registrywatcher::image::{Image, ImageReference, Repository, Tag};
use registrywatcher::intent::Author;
use registrywatcher::policy::{Filters, Order, TagPolicy};
use registrywatcher::ports::Deployer;
use registrywatcher::watch::{AdoptMode, DeployerName, DriftMode, Mode, Watch, Workload};
use registrywatcher_conformance::samples;
use registrywatcher_memory::{
    MemoryClock, MemoryDeployer, MemoryNotifier, MemoryRegistry, MemoryStore, SequentialIds,
};

/// The name of the one watch.
pub(crate) const WATCH: &str = "web";

/// The application and everything around it. Started and stopped at will; what is outside of it stays.
pub(crate) struct House {
    pub(crate) registry: MemoryRegistry,
    pub(crate) store: MemoryStore,
    /// The deployer `production`.
    pub(crate) deployer: MemoryDeployer,
    /// The deployer `staging`, where no watch of [`watch`] has a workload.
    pub(crate) staging: MemoryDeployer,
    pub(crate) notifier: MemoryNotifier,
    pub(crate) clock: MemoryClock,
    pub(crate) ids: SequentialIds,
    pub(crate) watches: Vec<Watch>,
    pub(crate) settings: Settings,
    woken: Arc<Mutex<Vec<DeploymentId>>>,
    pub(crate) app: App,
}

impl House {
    /// A watch of one workload, `web`, that runs `image`.
    pub(crate) async fn with_workload(image: &str) -> Self {
        Self::with_watch(watch(&["web"]), image).await
    }

    /// A watch, all of whose workloads run `image`.
    pub(crate) async fn with_watch(watch: Watch, image: &str) -> Self {
        let deployer = MemoryDeployer::new();
        for workload in &watch.workloads {
            deployer.add_workload(workload.address.get("job").unwrap(), image);
        }
        let registry = MemoryRegistry::default();
        registry.create_repository(watch.repository());
        let clock = MemoryClock::new();
        let store = MemoryStore::with_clock(Arc::new(clock.clone()));
        let outside = Outside {
            registry,
            store,
            deployer,
            staging: MemoryDeployer::new(),
            notifier: MemoryNotifier::new(),
            clock,
            ids: SequentialIds::new(),
        };
        Self::start(outside, vec![watch], Settings::default()).await
    }

    async fn start(outside: Outside, watches: Vec<Watch>, settings: Settings) -> Self {
        let woken = Arc::default();
        let app = start(&outside, &settings, &watches, &woken).await;
        let Outside {
            registry,
            store,
            deployer,
            staging,
            notifier,
            clock,
            ids,
        } = outside;
        Self {
            registry,
            store,
            deployer,
            staging,
            notifier,
            clock,
            ids,
            watches,
            settings,
            woken,
            app,
        }
    }

    /// Another process over the same outside, with the same configuration.
    pub(crate) async fn neighbour(&self) -> Self {
        let settings = self.settings.clone();
        Self::start(self.outside(), self.watches.clone(), settings).await
    }

    fn outside(&self) -> Outside {
        Outside {
            registry: self.registry.clone(),
            store: self.store.clone(),
            deployer: self.deployer.clone(),
            staging: self.staging.clone(),
            notifier: self.notifier.clone(),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
        }
    }

    /// Starts again with other settings.
    pub(crate) async fn reconfigure(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
        self.restart().await;
    }

    /// Shares its work with neighbours from now on.
    pub(crate) async fn share(&mut self) {
        self.reconfigure(|settings| {
            settings.sharing = Some(Sharing {
                lease: Duration::from_secs(15),
                fingerprint: "one".to_owned(),
            });
        })
        .await;
    }

    /// The process dies and starts again; what it had not stored is gone.
    pub(crate) async fn restart(&mut self) {
        self.woken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.app = start(&self.outside(), &self.settings, &self.watches, &self.woken).await;
        let open = self.app.open_deployments();
        self.woken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(open);
    }

    /// Somebody pushes `tag`; the number tells its image apart.
    pub(crate) fn push(&self, tag: &str, n: u8) {
        self.registry
            .publish(&repository(), &samples::tag(tag), samples::image(n));
    }

    /// One poll of everything, a minute after the last, and every deployment driven to its end.
    pub(crate) async fn turn(&self) {
        self.clock.advance(Duration::from_mins(1));
        self.poll().await;
        self.drive().await;
    }

    /// One poll of everything; deployments are recorded, but not driven.
    pub(crate) async fn poll(&self) {
        for (repository, _) in self.app.repositories() {
            self.app.poll(&repository).await;
        }
    }

    /// Drives the deployments that were woken until each has ended or waits for something.
    pub(crate) async fn drive(&self) {
        for _ in 0..100 {
            let woken =
                std::mem::take(&mut *self.woken.lock().unwrap_or_else(PoisonError::into_inner));
            if woken.is_empty() {
                return;
            }
            for id in woken {
                self.drive_one(id).await;
            }
        }
        panic!("deployments keep waking each other");
    }

    async fn drive_one(&self, id: DeploymentId) {
        for _ in 0..20 {
            match self.app.advance(id, std::future::pending()).await {
                Advance::After(pause) => self.clock.advance(pause),
                Advance::Ended => return,
            }
        }
    }

    pub(crate) fn view(&self) -> WatchView {
        self.app
            .watch(&self.watches[0].name)
            .expect("the watch is configured")
    }

    pub(crate) fn decision_on(&self, index: usize) -> Decision {
        let decided = self.view().workloads[index].decided.clone();
        decided.expect("the watch was polled").decision
    }

    /// The names of the reasons for holding the first workload; empty when it is not held.
    pub(crate) fn holds(&self) -> Vec<&'static str> {
        self.holds_of(0)
    }

    pub(crate) fn holds_of(&self, index: usize) -> Vec<&'static str> {
        match self.decision_on(index) {
            Decision::Hold(hold) => hold.reasons.iter().map(HoldReason::name).collect(),
            _ => Vec::new(),
        }
    }

    /// All deployments that were ever recorded, oldest first: tag and state.
    pub(crate) fn history(&self) -> Vec<(String, &'static str)> {
        let summary = |d: &Deployment| (d.tag().to_string(), d.state.name());
        self.store.all_deployments().iter().map(summary).collect()
    }

    /// The kinds of the events of all time, oldest first.
    pub(crate) fn events(&self) -> Vec<&'static str> {
        self.store
            .all_events()
            .iter()
            .map(|event| event.kind.name())
            .collect()
    }

    #[track_caller]
    pub(crate) fn assert_runs(&self, job: &str, n: u8) {
        assert_eq!(
            self.deployer.running_digest(job),
            Some(samples::digest(n)),
            "what {job} runs"
        );
    }
}

/// A house whose workload runs v1.0.0, the only tag there is.
pub(crate) async fn running_v1() -> House {
    let house = House::with_workload("registry.example/acme/web:v1.0.0").await;
    house.push("v1.0.0", 1);
    house.turn().await;
    house
}

/// What `future` gives if it is polled once more; `None` while it waits.
pub(crate) async fn polled<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| {
        Poll::Ready(match future.as_mut().poll(context) {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        })
    })
    .await
}

pub(crate) fn repository() -> Repository {
    "registry.example/acme/web".parse().expect("a repository")
}

pub(crate) fn operator() -> Author {
    Author::new("alice")
}

pub(crate) fn tag(text: &str) -> Tag {
    samples::tag(text)
}

pub(crate) fn image(n: u8) -> Image {
    samples::image(n)
}

pub(crate) fn job(name: &str) -> Workload {
    samples::workload("production", &[("job", name)])
}

/// A watch that tracks every version, of these jobs in this order.
pub(crate) fn watch(jobs: &[&str]) -> Watch {
    let policy = Order::semver("*").and_then(|order| TagPolicy::new(order, &Filters::default()));
    let image: ImageReference = repository().to_string().parse().expect("a reference");
    Watch {
        name: WATCH.parse().expect("a name"),
        image,
        policy: policy.expect("a policy"),
        workloads: jobs.iter().map(|name| job(name)).collect(),
        interval: Duration::from_mins(1),
        mode: Mode::Deploy,
        drift: DriftMode::Hold,
        adopt: AdoptMode::Assume,
        parallel: false,
        min_interval: Duration::from_secs(10),
        formerly: None,
    }
}

/// What stays when the process dies.
struct Outside {
    registry: MemoryRegistry,
    store: MemoryStore,
    deployer: MemoryDeployer,
    staging: MemoryDeployer,
    notifier: MemoryNotifier,
    clock: MemoryClock,
    ids: SequentialIds,
}

impl Outside {
    fn ports(&self) -> Ports {
        let deployers = [("production", &self.deployer), ("staging", &self.staging)];
        let deployers = deployers.map(|(name, deployer)| {
            let name: DeployerName = name.parse().expect("a name");
            (name, Arc::new(deployer.clone()) as Arc<dyn Deployer>)
        });
        let sink = Sink {
            notifier: Arc::new(self.notifier.clone()),
            route: Route::default(),
        };
        Ports {
            registry: Arc::new(self.registry.clone()),
            store: Arc::new(self.store.clone()),
            deployers: deployers.into(),
            sinks: BTreeMap::from([("memory".to_owned(), sink)]),
            clock: Arc::new(self.clock.clone()),
            ids: Arc::new(self.ids.clone()),
        }
    }
}

async fn start(
    outside: &Outside,
    settings: &Settings,
    watches: &[Watch],
    woken: &Arc<Mutex<Vec<DeploymentId>>>,
) -> App {
    let woken = Arc::clone(woken);
    let waker = Arc::new(move |wake| {
        if let Wake::Deployment(id) = wake {
            woken
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(id);
        }
    });
    App::start(outside.ports(), settings.clone(), watches.to_vec(), waker)
        .await
        .expect("it starts")
}
