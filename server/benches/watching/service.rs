//! The service as the server wires it, over a registry with known content.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use registrywatcher::app::{App, Ports, Settings};
use registrywatcher::decision::Decision;
use registrywatcher::image::{ImageReference, Repository};
use registrywatcher::intent::{Intent, Target};
use registrywatcher::policy::{Filters, Order, TagPolicy};
use registrywatcher::ports::{Clock, Credentials, Deployer, Step, Store, WatchState};
use registrywatcher::watch::{AdoptMode, DriftMode, Mode, Watch, Workload};
use registrywatcher_credentials_docker::{DockerConfigSource, DockerCredentials};
use registrywatcher_memory::{MemoryClock, MemoryDeployer, SequentialIds};
use registrywatcher_registry_docker_v2::{DockerRegistry, RegistrySettings};
use tokio::task::JoinSet;

/// What a registry has: where it is, and the newest image of each repository.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) host: String,
    pub(crate) images: Vec<Published>,
}

/// The newest image of a repository.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    pub(crate) path: String,
    pub(crate) tag: String,
    pub(crate) digest: String,
}

/// What operators want of all watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The newest version.
    Tracked,
    /// The tag that is the newest now.
    Pinned,
}

/// The application, with one watch for each repository; each workload runs what is wanted.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) clock: MemoryClock,
    app: Arc<App>,
    repositories: Arc<[Repository]>,
}

/// The real client of a registry, with the credentials of an installation that has none.
pub(crate) fn registry(
    concurrency: usize,
    clock: &MemoryClock,
) -> anyhow::Result<Arc<DockerRegistry>> {
    let settings = registrywatcher_registry_docker_v2::Settings {
        defaults: RegistrySettings {
            concurrency,
            ..RegistrySettings::default()
        },
        registries: BTreeMap::new(),
    };
    let credentials: Arc<dyn Credentials> = Arc::new(DockerCredentials::new(
        BTreeMap::new(),
        DockerConfigSource::none(),
    ));
    let clock: Arc<dyn Clock> = Arc::new(clock.clone());
    Ok(Arc::new(DockerRegistry::new(settings, credentials, clock)?))
}

/// An orchestrator whose jobs, named as the repositories, run the images of `content`.
pub(crate) fn orchestrator(content: &Content) -> MemoryDeployer {
    let deployer = MemoryDeployer::new();
    for image in &content.images {
        let Published { path, tag, digest } = image;
        deployer.add_workload(path, &format!("{}/{path}:{tag}@{digest}", content.host));
    }
    deployer
}

impl Service {
    /// Starts the application over an empty `store`.
    pub(crate) async fn start(
        content: &Content,
        wanted: Wanted,
        concurrency: usize,
        store: Arc<dyn Store>,
        deployer: MemoryDeployer,
    ) -> anyhow::Result<Self> {
        let clock = MemoryClock::new();
        if wanted == Wanted::Pinned {
            pin_all(content, &*store).await?;
        }
        let deployer: Arc<dyn Deployer> = Arc::new(deployer);
        let ports = Ports {
            registry: registry(concurrency, &clock)?,
            store,
            deployers: BTreeMap::from([("production".parse()?, deployer)]),
            sinks: BTreeMap::new(),
            clock: Arc::new(clock.clone()),
            ids: Arc::new(SequentialIds::new()),
        };
        let watches: anyhow::Result<Vec<Watch>> = content
            .images
            .iter()
            .map(|image| watch(content, image))
            .collect();
        let app = App::start(ports, Settings::default(), watches?, Arc::new(|_| ())).await?;
        Ok(Self {
            clock,
            repositories: content
                .images
                .iter()
                .map(|image| repository(content, image))
                .collect::<anyhow::Result<_>>()?,
            app: Arc::new(app),
        })
    }

    /// The application itself.
    pub(crate) fn app(&self) -> Arc<App> {
        Arc::clone(&self.app)
    }

    /// Polls every repository until it is as in the middle of a long life: each at another one of the polls after which
    /// a digest is asked for again.
    pub(crate) async fn warm_up(&self, at_once: usize) -> anyhow::Result<()> {
        let cycle = usize::try_from(Settings::default().digest_every)?;
        for round in 0..cycle {
            let all = 0..self.repositories.len();
            let due: Vec<usize> = all.filter(|index| index % cycle >= round).collect();
            self.poll_each(due, at_once).await?;
        }
        self.ensure_nothing_to_do()
    }

    /// Polls `count` times, the repositories in turn, `at_once` at the same time.
    pub(crate) async fn poll(&self, count: usize, at_once: usize) -> anyhow::Result<()> {
        let polled = self.repositories.len();
        self.poll_each((0..count).map(|index| index % polled).collect(), at_once)
            .await
    }

    async fn poll_each(&self, due: Vec<usize>, at_once: usize) -> anyhow::Result<()> {
        let (due, next): (Arc<[usize]>, _) = (due.into(), Arc::new(AtomicUsize::new(0)));
        let mut pollers = JoinSet::new();
        for _ in 0..at_once {
            let (app, repositories) = (Arc::clone(&self.app), Arc::clone(&self.repositories));
            let (due, next) = (Arc::clone(&due), Arc::clone(&next));
            pollers.spawn(async move {
                while let Some(&index) = due.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(fault) = app.poll(&repositories[index]).await.fault {
                        bail!("a poll failed: {fault}");
                    }
                }
                Ok(())
            });
        }
        while let Some(ended) = pollers.join_next().await {
            ended??;
        }
        Ok(())
    }

    /// Makes sure that what is measured is a service at rest.
    pub(crate) fn ensure_nothing_to_do(&self) -> anyhow::Result<()> {
        for view in self.app.watches() {
            for workload in &view.workloads {
                let decided = workload.decided.as_ref();
                let decision = &decided.context("a watch was not decided on")?.decision;
                ensure!(
                    matches!(decision, Decision::UpToDate { .. }),
                    "watch {} should have nothing to do: {decision}",
                    view.watch.name
                );
            }
        }
        Ok(())
    }
}

fn watch(content: &Content, image: &Published) -> anyhow::Result<Watch> {
    let reference: ImageReference = format!("{}/{}", content.host, image.path).parse()?;
    Ok(Watch {
        name: image.path.replace('/', "-").parse()?,
        image: reference,
        policy: TagPolicy::new(Order::semver("*")?, &Filters::default())?,
        workloads: vec![Workload {
            deployer: "production".parse()?,
            address: [("job", &*image.path)].into(),
        }],
        interval: Duration::from_mins(1),
        mode: Mode::Deploy,
        drift: DriftMode::Hold,
        adopt: AdoptMode::Assume,
        parallel: false,
        min_interval: Duration::from_secs(10),
        formerly: None,
    })
}

fn repository(content: &Content, image: &Published) -> anyhow::Result<Repository> {
    Ok(format!("{}/{}", content.host, image.path).parse()?)
}

/// Stores what an operator's pinning of every watch leaves behind.
async fn pin_all(content: &Content, store: &dyn Store) -> anyhow::Result<()> {
    for image in &content.images {
        let step = Step {
            watch: Some(WatchState {
                name: image.path.replace('/', "-").parse()?,
                version: 0,
                repository: Some(repository(content, image)?),
                intent: Intent {
                    target: Target::Pin(image.tag.parse()?),
                    ..Intent::default()
                },
                freeze: None,
                requests: Vec::new(),
                workloads: Vec::new(),
                retired: false,
            }),
            ..Step::default()
        };
        store.commit(step).await?;
    }
    Ok(())
}
