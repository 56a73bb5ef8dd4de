//! The pages over an application over in-memory adapters.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use poem::endpoint::BoxEndpoint;
use poem::test::TestClient;
use poem::{EndpointExt, Response};
use registrywatcher::app::{Advance, App, Discovery, Ports, Settings, Wake};
use registrywatcher::deployment::{Deployment, DeploymentId};
use registrywatcher::discovery::Rules;
use registrywatcher::image::{ImageReference, Repository};
use registrywatcher::intent::{Author, Intent};
use registrywatcher::policy::{Filters, Order, TagPolicy};
use registrywatcher::ports::{Clock, Deployer};
use registrywatcher::token::{Reach, Role, Token, TokenHash};
use registrywatcher::watch::{AdoptMode, DeployerName, DriftMode, Mode, Watch};
use registrywatcher_conformance::samples;
use registrywatcher_memory::{
    MemoryClock, MemoryDeployer, MemoryRegistry, MemoryStore, SequentialIds,
};
use registrywatcher_ui_web::{Door, Parts, Refused, endpoint};

/// The watch that every house has; its one workload has the same name.
pub(crate) const WATCH: &str = "web";

pub(crate) struct House {
    pub(crate) registry: MemoryRegistry,
    pub(crate) store: MemoryStore,
    pub(crate) deployer: MemoryDeployer,
    pub(crate) clock: MemoryClock,
    pub(crate) app: Arc<App>,
    pub(crate) door: Arc<Keeper>,
    pub(crate) client: TestClient<BoxEndpoint<'static, Response>>,
    woken: Arc<Mutex<Vec<DeploymentId>>>,
}

/// Lets in whoever has one of some tokens, which read as they are named; everybody while there is none.
#[derive(Default)]
pub(crate) struct Keeper {
    tokens: Mutex<Vec<Arc<Token>>>,
    failed: Mutex<u32>,
}

/// How many sign-ins may fail before all are refused.
const MOST_FAILURES: u32 = 5;

impl Keeper {
    fn find(&self, is_it: impl Fn(&Token) -> bool) -> Option<Arc<Token>> {
        let tokens = self.tokens.lock().unwrap();
        tokens.iter().find(|token| is_it(token)).cloned()
    }

    pub(crate) fn revoke(&self, name: &str) {
        let mut tokens = self.tokens.lock().unwrap();
        tokens.retain(|token| token.name.as_str() != name);
    }
}

impl Door for Keeper {
    fn is_open(&self) -> bool {
        self.tokens.lock().unwrap().is_empty()
    }

    fn admit(&self, secret: &str, _from: Option<IpAddr>) -> Result<Arc<Token>, Refused> {
        let mut failed = self.failed.lock().unwrap();
        if *failed >= MOST_FAILURES {
            let retry_after = Some(Duration::from_secs(30));
            return Err(Refused::TooMany { retry_after });
        }
        let found = self.find(|token| token.name.as_str() == secret);
        *failed += u32::from(found.is_none());
        found.ok_or(Refused::Unknown)
    }

    fn token(&self, hash: &TokenHash) -> Option<Arc<Token>> {
        self.find(|token| token.hash == *hash)
    }
}

/// A token that reads as it is named.
pub(crate) fn token(name: &str, role: Role, watches: Option<&[&str]>) -> Token {
    let reach = watches.map(|names| names.iter().map(|name| name.parse().unwrap()).collect());
    let mut hash = [0; 32];
    hash[..name.len()].copy_from_slice(name.as_bytes());
    Token {
        name: Author::new(name),
        role,
        reach: reach.map_or(Reach::Everything, Reach::Only),
        expires_at: None,
        hash: TokenHash::new(hash),
    }
}

impl House {
    /// A watch that tracks every version; its workload runs `v1.0.0`, which is all that the registry has.
    pub(crate) async fn new() -> Self {
        Self::with(Vec::new(), &[]).await
    }

    /// The same with tokens, and further watches of the same kind.
    pub(crate) async fn with(tokens: Vec<Token>, others: &[&str]) -> Self {
        let (registry, store) = (MemoryRegistry::default(), MemoryStore::new());
        let (deployer, clock) = (MemoryDeployer::new(), MemoryClock::new());
        let names = [&[WATCH], others].concat();
        for name in &names {
            let repository = repository_of(name);
            deployer.add_workload(name, &format!("{repository}:v1.0.0"));
            registry.create_repository(&repository);
            registry.publish(&repository, &samples::tag("v1.0.0"), samples::image(1));
        }
        let watches = names.iter().copied().map(watch).collect();
        let roll_out: Arc<dyn Deployer> = Arc::new(deployer.clone());
        let ports = Ports {
            registry: Arc::new(registry.clone()),
            store: Arc::new(store.clone()),
            deployers: BTreeMap::from([(production(), roll_out)]),
            sinks: BTreeMap::new(),
            clock: Arc::new(clock.clone()),
            ids: Arc::new(SequentialIds::new()),
        };
        let woken = Arc::<Mutex<Vec<_>>>::default();
        let app = start(ports, watches, Arc::clone(&woken)).await;
        let door = Arc::new(Keeper {
            tokens: Mutex::new(tokens.into_iter().map(Arc::new).collect()),
            ..Keeper::default()
        });
        let made_with = Parts {
            app: Arc::clone(&app),
            door: Arc::clone(&door) as Arc<dyn Door>,
            sessions: Arc::new(store.clone()),
            clock: Arc::new(clock.clone()),
        };
        let pages = endpoint(made_with, settings()).map_to_response().boxed();
        let house = Self {
            registry,
            store,
            deployer,
            clock,
            app,
            door,
            client: TestClient::new(pages),
            woken,
        };
        house.turn().await;
        house
    }

    /// Asks the deployer once which workloads ask to be watched.
    pub(crate) async fn discover(&self) {
        let answer = self.app.ask_for_workloads(&production()).await;
        self.app.discover([(production(), answer)].into()).await;
    }

    /// Somebody pushes `tag`; the number tells its image apart.
    pub(crate) fn push(&self, tag: &str, n: u8) {
        self.registry
            .publish(&repository_of(WATCH), &samples::tag(tag), samples::image(n));
    }

    /// A release that is deployed at once.
    pub(crate) async fn release(&self, tag: &str, n: u8) {
        self.push(tag, n);
        self.turn().await;
    }

    /// One poll of everything, a minute after the last, and every deployment driven to its end.
    pub(crate) async fn turn(&self) {
        self.clock.advance(Duration::from_mins(1));
        for (repository, _) in self.app.repositories() {
            self.app.poll(&repository).await;
        }
        self.drive().await;
    }

    /// Drives the deployments that were woken until each has ended, or waits for somebody.
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

    pub(crate) fn intent(&self) -> Intent {
        self.app.watch(&WATCH.parse().unwrap()).unwrap().intent
    }

    pub(crate) fn last_deployment(&self) -> Deployment {
        self.store.all_deployments().pop().unwrap()
    }

    pub(crate) fn deployments(&self) -> usize {
        self.store.all_deployments().len()
    }

    #[track_caller]
    pub(crate) fn assert_runs(&self, n: u8) {
        let running = self.deployer.running_digest(WATCH);
        assert_eq!(running, Some(samples::digest(n)));
    }

    pub(crate) fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.clock.now()
    }
}

/// Where the pages lead to for a workload.
const LINK: &str = "https://orchestrator.example/jobs/{job}";

fn production() -> DeployerName {
    "production".parse().unwrap()
}

pub(crate) fn settings() -> registrywatcher_ui_web::Settings {
    registrywatcher_ui_web::Settings {
        max_body_bytes: 4096,
        max_event_streams: 1,
        links: BTreeMap::from([(production(), LINK.parse().unwrap())]),
        ..registrywatcher_ui_web::Settings::default()
    }
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

/// Workloads are looked for when a test says so.
fn discovering() -> Settings {
    Settings {
        discovery: Some(Discovery {
            deployers: BTreeMap::from([(production(), Duration::from_mins(1))]),
            rules: Rules {
                registries: BTreeSet::from([repository_of(WATCH).registry().clone()]),
                interval: Duration::from_mins(1),
                min_interval: Duration::from_secs(10),
                mode: Mode::Deploy,
            },
        }),
        ..Settings::default()
    }
}

async fn start(
    ports: Ports,
    watches: Vec<Watch>,
    woken: Arc<Mutex<Vec<DeploymentId>>>,
) -> Arc<App> {
    let waker = Arc::new(move |wake| {
        if let Wake::Deployment(id) = wake {
            woken.lock().unwrap().push(id);
        }
    });
    let app = App::start(ports, discovering(), watches, waker).await;
    Arc::new(app.unwrap())
}
