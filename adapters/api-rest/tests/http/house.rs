//! The interface over an application over in-memory adapters.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::SecondsFormat;
use poem::endpoint::BoxEndpoint;
use poem::test::TestClient;
use poem::{EndpointExt, Response};
use registrywatcher::app::{Advance, App, Discovery, Ports, Settings, Sharing, Sink, Wake};
use registrywatcher::deployment::DeploymentId;
use registrywatcher::event::Route;
use registrywatcher::image::{ImageReference, Repository};
use registrywatcher::policy::{Filters, Order, TagPolicy};
use registrywatcher::ports::{Clock, Deployer, Registry, Store};
use registrywatcher::token::Token;
use registrywatcher::watch::{AdoptMode, DeployerName, DriftMode, Mode, Watch};
use registrywatcher_api_rest::{Access, AccessSettings, ServerInfo, endpoint};
use registrywatcher_conformance::samples;
use registrywatcher_memory::{
    MemoryClock, MemoryDeployer, MemoryNotifier, MemoryRegistry, MemoryStore, SequentialIds,
};

/// The name of the one watch; its one workload has the same name.
pub(crate) const WATCH: &str = "web";

/// The name of the one sink.
pub(crate) const SINK: &str = "chat";

/// The workload, as the interface writes it.
pub(crate) const WORKLOAD: &str = "production:job=web";

/// What is measured, as `/metrics` shows it.
pub(crate) const EXPOSITION: &str = "# TYPE fires gauge\nfires 0\n";

pub(crate) const LIMITS: ServerInfo = ServerInfo {
    max_body_bytes: 1024,
    request_timeout: Duration::from_secs(30),
    max_event_streams: 2,
    cors_origins: Vec::new(),
};

pub(crate) struct House {
    pub(crate) registry: MemoryRegistry,
    pub(crate) store: MemoryStore,
    pub(crate) deployer: MemoryDeployer,
    pub(crate) sink: MemoryNotifier,
    pub(crate) clock: MemoryClock,
    pub(crate) access: Arc<Access>,
    pub(crate) app: Arc<App>,
    pub(crate) client: TestClient<BoxEndpoint<'static, Response>>,
    woken: Arc<Mutex<Vec<DeploymentId>>>,
}

/// What a test replaces.
#[derive(Default)]
pub(crate) struct Differences {
    pub(crate) tokens: Vec<Token>,
    pub(crate) limits: Option<ServerInfo>,
    pub(crate) registry: Option<Arc<dyn Registry>>,
    pub(crate) store: Option<Arc<dyn Store>>,
    pub(crate) sharing: Option<Sharing>,
    pub(crate) discovery: Option<Discovery>,
    /// Further watches, each of a repository and a workload of its name that is like the first one's.
    pub(crate) others: Vec<&'static str>,
}

impl House {
    /// A watch that tracks every version; its workload runs `v1.0.0`, which is all that the registry has.
    pub(crate) async fn new() -> Self {
        let house = Self::with(Differences::default()).await;
        house.turn().await;
        house
    }

    /// Asks the deployer once which workloads ask to be watched.
    pub(crate) async fn discover(&self) {
        let name: DeployerName = "production".parse().unwrap();
        let answer = self.app.ask_for_workloads(&name).await;
        self.app.discover([(name, answer)].into()).await;
    }

    /// The same with differences, before the first poll.
    pub(crate) async fn with(differences: Differences) -> Self {
        let (registry, store) = (MemoryRegistry::default(), MemoryStore::new());
        let (deployer, clock) = (MemoryDeployer::new(), MemoryClock::new());
        let sink = MemoryNotifier::new();
        let names = [&[WATCH], differences.others.as_slice()].concat();
        for name in &names {
            let repository = repository_of(name);
            deployer.add_workload(name, &format!("{repository}:v1.0.0"));
            registry.create_repository(&repository);
        }
        let watches = names.iter().copied().map(watch).collect();
        let name: DeployerName = "production".parse().unwrap();
        let roll_out: Arc<dyn Deployer> = Arc::new(deployer.clone());
        let ports = Ports {
            registry: differences
                .registry
                .unwrap_or_else(|| Arc::new(registry.clone())),
            store: differences.store.unwrap_or_else(|| Arc::new(store.clone())),
            deployers: BTreeMap::from([(name, roll_out)]),
            sinks: BTreeMap::from([(SINK.to_owned(), told_everything(&sink))]),
            clock: Arc::new(clock.clone()),
            ids: Arc::new(SequentialIds::new()),
        };
        let woken = Arc::<Mutex<Vec<_>>>::default();
        let settings = Settings {
            sharing: differences.sharing,
            discovery: differences.discovery,
            ..Settings::default()
        };
        let app = start(ports, watches, settings, Arc::clone(&woken)).await;
        let app = Arc::new(app);
        let limits = differences.limits.unwrap_or(LIMITS);
        let access = AccessSettings {
            tokens: differences.tokens,
            open_without_tokens: true,
            ..AccessSettings::default()
        };
        let access = Arc::new(Access::new(access, Arc::new(clock.clone())));
        let served = endpoint(
            Arc::clone(&app),
            Arc::clone(&access),
            limits,
            Arc::new(|| EXPOSITION.to_owned()),
        );
        let house = Self {
            registry,
            store,
            deployer,
            sink,
            clock,
            access,
            app,
            client: TestClient::new(served.map_to_response().boxed()),
            woken,
        };
        for name in names {
            house.push_to(name, "v1.0.0", 1);
        }
        house
    }

    /// Somebody pushes `tag`; the number tells its image apart.
    pub(crate) fn push(&self, tag: &str, n: u8) {
        self.push_to(WATCH, tag, n);
    }

    /// Somebody pushes `tag` to the repository of another watch.
    pub(crate) fn push_to(&self, watch: &str, tag: &str, n: u8) {
        let repository = repository_of(watch);
        self.registry
            .publish(&repository, &samples::tag(tag), samples::image(n));
    }

    /// One poll of everything, a minute after the last, and every deployment driven to its end.
    pub(crate) async fn turn(&self) {
        self.clock.advance(Duration::from_mins(1));
        for (repository, _) in self.app.repositories() {
            self.app.poll(&repository).await;
        }
        self.drive().await;
    }

    /// Waits until a deployment is woken, and drives what there is.
    pub(crate) async fn drive_what_comes(&self) {
        while self.woken.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        self.drive().await;
    }

    /// Drives the deployments that were woken until each has ended.
    pub(crate) async fn drive(&self) {
        loop {
            let woken = std::mem::take(&mut *self.woken.lock().unwrap());
            if woken.is_empty() {
                return;
            }
            for id in woken {
                self.drive_one(id).await;
            }
        }
    }

    async fn drive_one(&self, id: DeploymentId) {
        for _ in 0..20 {
            match self.app.advance(id, std::future::pending()).await {
                Advance::After(pause) => self.clock.advance(pause),
                Advance::Ended => return,
            }
        }
    }

    /// The moment that is `seconds` from now, as the interface writes it.
    pub(crate) fn in_seconds(&self, seconds: u64) -> String {
        let moment = self.clock.now() + Duration::from_secs(seconds);
        moment.to_rfc3339_opts(SecondsFormat::Micros, true)
    }

    #[track_caller]
    pub(crate) fn assert_runs(&self, n: u8) {
        assert_eq!(
            self.deployer.running_digest(WATCH),
            Some(samples::digest(n))
        );
    }
}

pub(crate) fn repository() -> Repository {
    repository_of(WATCH)
}

fn repository_of(watch: &str) -> Repository {
    format!("registry.example/acme/{watch}").parse().unwrap()
}

fn watch(name: &str) -> Watch {
    let policy = Order::semver("*").and_then(|order| TagPolicy::new(order, &Filters::default()));
    let image: ImageReference = repository_of(name).to_string().parse().unwrap();
    Watch {
        name: name.parse().unwrap(),
        image,
        policy: policy.unwrap(),
        workloads: vec![samples::workload("production", &[("job", name)])],
        interval: Duration::from_mins(1),
        mode: Mode::Deploy,
        drift: DriftMode::Hold,
        adopt: AdoptMode::Assume,
        parallel: false,
        min_interval: Duration::from_secs(10),
        formerly: None,
    }
}

fn told_everything(sink: &MemoryNotifier) -> Sink {
    Sink {
        notifier: Arc::new(sink.clone()),
        route: Route::default(),
    }
}

async fn start(
    ports: Ports,
    watches: Vec<Watch>,
    settings: Settings,
    woken: Arc<Mutex<Vec<DeploymentId>>>,
) -> App {
    let waker = Arc::new(move |wake| {
        if let Wake::Deployment(id) = wake {
            woken.lock().unwrap().push(id);
        }
    });
    App::start(ports, settings, watches, waker).await.unwrap()
}
