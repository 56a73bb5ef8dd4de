//! What a deployer says of a workload may come when its watch has other workloads, or the same in another order.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use registrywatcher::app::{App, Ports, Settings};
use registrywatcher::deployment::{Running, Runs};
use registrywatcher::ports::{
    Accepted, Apply, Capabilities, DeployError, Deployer, DiscoverError, Discovered, Progress,
    Rollout,
};
use registrywatcher::watch::{Unit, Workload};
use registrywatcher_memory::{
    MemoryClock, MemoryDeployer, MemoryRegistry, MemoryStore, SequentialIds,
};
use tokio::sync::Semaphore;

use super::town::{discover, label};
use crate::use_cases::house::{image, polled, repository, tag};

/// Answers late what workloads run.
struct LateDeployer {
    inner: MemoryDeployer,
    is_late: AtomicBool,
    answers: Semaphore,
}

#[async_trait]
impl Deployer for LateDeployer {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            discovers: true,
            ..self.inner.capabilities()
        }
    }

    fn unit(&self, workload: &Workload) -> Result<Unit, DeployError> {
        self.inner.unit(workload)
    }

    async fn running(&self, workload: &Workload) -> Result<Option<Running>, DeployError> {
        let answer = self.inner.running(workload).await;
        if self.is_late.load(Ordering::SeqCst) {
            self.answers.acquire().await.unwrap().forget();
        }
        answer
    }

    async fn apply(&self, apply: &Apply) -> Result<Accepted, DeployError> {
        self.inner.apply(apply).await
    }

    async fn follow(&self, rollout: &Rollout) -> Result<Progress, DeployError> {
        self.inner.follow(rollout).await
    }

    async fn discover(&self) -> Result<Vec<Discovered>, DiscoverError> {
        self.inner.discover().await
    }
}

/// Labels both jobs for the watch `shop`, in this order.
fn order(deployer: &LateDeployer, jobs: [&str; 2]) {
    for (job, order) in jobs.into_iter().zip(["1", "2"]) {
        let labels = [("policy", "semver"), ("watch", "shop"), ("order", order)];
        label(&deployer.inner, "production", job, &labels);
    }
}

async fn find(app: &App) -> bool {
    let production = "production".parse().unwrap();
    let answer = app.ask_for_workloads(&production).await;
    app.discover([(production, answer)].into()).await
}

fn tag_of(app: &App, index: usize) -> Option<String> {
    let view = app.watch(&"shop".parse().unwrap()).unwrap();
    match &view.workloads[index].runs {
        Runs::Something { tag, .. } => tag.as_ref().map(ToString::to_string),
        _ => None,
    }
}

#[tokio::test]
async fn what_one_workload_runs_is_not_taken_for_what_another_one_does() {
    let (registry, inner) = (MemoryRegistry::default(), MemoryDeployer::new());
    for (text, n) in [("v1.0.0", 1), ("v1.1.0", 2)] {
        registry.publish(&repository(), &tag(text), image(n));
    }
    inner.add_workload("web", "registry.example/acme/web:v1.1.0");
    inner.add_workload("api", "registry.example/acme/web:v1.0.0");
    inner.set_capabilities(Capabilities {
        discovers: true,
        ..inner.capabilities()
    });
    let deployer = Arc::new(LateDeployer {
        inner,
        is_late: AtomicBool::new(true),
        answers: Semaphore::new(0),
    });
    let ports = Ports {
        registry: Arc::new(registry),
        store: Arc::new(MemoryStore::new()),
        deployers: BTreeMap::from([("production".parse().unwrap(), Arc::clone(&deployer) as _)]),
        sinks: BTreeMap::new(),
        clock: Arc::new(MemoryClock::new()),
        ids: Arc::new(SequentialIds::new()),
    };
    let mut settings = Settings::default();
    discover(&mut settings);
    let app = App::start(ports, settings, Vec::new(), Arc::new(|_| {})).await;
    let app = app.unwrap();
    order(&deployer, ["web", "api"]);
    assert!(find(&app).await);

    let repository = repository();
    let mut polling = pin!(app.poll(&repository));
    assert_eq!(polled(polling.as_mut()).await, None, "it waits for `web`");
    order(&deployer, ["api", "web"]);
    assert!(find(&app).await);
    deployer.is_late.store(false, Ordering::SeqCst);
    deployer.answers.add_permits(1);
    polling.await;
    assert_ne!(tag_of(&app, 0).as_deref(), Some("v1.1.0"), "of `api`");
    app.poll(&repository).await;
    assert_eq!(tag_of(&app, 0).as_deref(), Some("v1.0.0"));
    assert_eq!(tag_of(&app, 1).as_deref(), Some("v1.1.0"));
    assert_eq!(
        app.open_deployments().len(),
        1,
        "`api` is brought to v1.1.0"
    );
}
