//! An answer of the store may come late: what is known by then counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use registrywatcher::app::{Advance, App, Ports, Settings, Sharing, Sink, Wake};
use registrywatcher::deployment::DeploymentId;
use registrywatcher::event::Route;
use registrywatcher_conformance::samples;
use registrywatcher_memory::{
    MemoryClock, MemoryDeployer, MemoryNotifier, MemoryRegistry, MemoryStore, SequentialIds,
};

use super::house::{image, repository, tag, watch};
use late_store::LateStore;

mod late_store;
mod races;

/// What is around the application, whose store answers late.
struct Street {
    store: LateStore,
    registry: MemoryRegistry,
    deployer: MemoryDeployer,
    notifier: MemoryNotifier,
    clock: MemoryClock,
    ids: SequentialIds,
    woken: Arc<Mutex<Vec<DeploymentId>>>,
}

impl Street {
    /// One workload that runs v1.0.0; v1.1.0 was just pushed.
    fn new() -> Self {
        let (registry, deployer) = (MemoryRegistry::default(), MemoryDeployer::new());
        deployer.add_workload("web", "registry.example/acme/web:v1.0.0");
        for (text, n) in [("v1.0.0", 1), ("v1.1.0", 2)] {
            registry.publish(&repository(), &tag(text), image(n));
        }
        let clock = MemoryClock::new();
        Self {
            store: LateStore::new(MemoryStore::with_clock(Arc::new(clock.clone()))),
            registry,
            deployer,
            notifier: MemoryNotifier::new(),
            clock,
            ids: SequentialIds::new(),
            woken: Arc::default(),
        }
    }

    async fn start(&self) -> Arc<App> {
        let sink = Sink {
            notifier: Arc::new(self.notifier.clone()),
            route: Route::default(),
        };
        let deployer = Arc::new(self.deployer.clone());
        let ports = Ports {
            registry: Arc::new(self.registry.clone()),
            store: Arc::new(self.store.clone()),
            deployers: BTreeMap::from([("production".parse().unwrap(), deployer as _)]),
            sinks: BTreeMap::from([("memory".to_owned(), sink)]),
            clock: Arc::new(self.clock.clone()),
            ids: Arc::new(self.ids.clone()),
        };
        let settings = Settings {
            sharing: Some(Sharing {
                lease: Duration::from_secs(15),
                fingerprint: "one".to_owned(),
            }),
            ..Settings::default()
        };
        let woken = Arc::clone(&self.woken);
        let waker = Arc::new(move |wake| {
            if let Wake::Deployment(id) = wake {
                woken.lock().unwrap().push(id);
            }
        });
        let app = App::start(ports, settings, vec![watch(&["web"])], waker).await;
        Arc::new(app.unwrap())
    }

    fn take_woken(&self) -> BTreeSet<DeploymentId> {
        std::mem::take(&mut *self.woken.lock().unwrap())
            .into_iter()
            .collect()
    }
}

async fn poll(app: Arc<App>) {
    app.poll(&repository()).await;
}

async fn drive_to_its_end(street: &Street, app: &App) {
    for id in street.take_woken() {
        while app.advance(id, std::future::pending()).await != Advance::Ended {}
    }
    assert_eq!(
        street.deployer.running_digest("web"),
        Some(samples::digest(2))
    );
}

#[tokio::test]
async fn that_it_was_recorded_is_known_after_it_has_ended() {
    let street = Street::new();
    let app = street.start().await;
    app.renew_leases().await.unwrap();
    // The first commit of a poll adopts what runs, the second one records.
    let answer = street.store.hold_answer("commit", 2);
    let polling = tokio::spawn(poll(Arc::clone(&app)));
    answer.is_waiting().await;
    app.follow_changes().await.unwrap();
    drive_to_its_end(&street, &app).await;
    answer.release();
    polling.await.unwrap();
    assert!(app.open_deployments().is_empty());
}

#[tokio::test]
async fn what_was_read_before_it_ended_is_not_taken_for_what_is() {
    let street = Street::new();
    let app = street.start().await;
    app.renew_leases().await.unwrap();
    poll(Arc::clone(&app)).await;
    let neighbour = street.start().await;
    street.store.lose_next_answer();
    let name = &watch(&["web"]).name;
    let off = registrywatcher::app::IntentChange {
        auto_deploy: Some(true),
        ..Default::default()
    };
    let author = super::house::operator();
    let changed = app.change_intent(name, &off, &author).await;
    changed.unwrap_err();
    let answer = street.store.hold_answer("load", 1);
    let reading = tokio::spawn(poll(Arc::clone(&app)));
    answer.is_waiting().await;
    app.follow_changes().await.unwrap();
    drive_to_its_end(&street, &app).await;
    answer.release();
    reading.await.unwrap();
    assert!(app.open_deployments().is_empty());
    drop(neighbour);
}

#[tokio::test]
async fn a_lease_that_ran_out_while_it_was_renewed_is_taken_over_anew() {
    let street = Street::new();
    let app = street.start().await;
    app.renew_leases().await.unwrap();
    poll(Arc::clone(&app)).await;
    let recorded = street.take_woken();
    assert_eq!(recorded.len(), 1);
    street.clock.advance(Duration::from_secs(13));
    let answer = street.store.hold_answer("lease", 1);
    let renewing = Arc::clone(&app);
    let renewing = tokio::spawn(async move { renewing.renew_leases().await });
    answer.is_waiting().await;
    // Whoever drove the deployment has let go of it by now.
    street.clock.advance(Duration::from_secs(3));
    answer.release();
    renewing.await.unwrap().unwrap();
    assert_eq!(street.take_woken(), recorded);
}

#[tokio::test]
async fn a_sink_that_two_replicas_begin_to_serve_at_once_misses_nothing() {
    let street = Arc::new(Street::new());
    let answer = street.store.hold_answer("load", 1);
    let other = Arc::clone(&street);
    let starting = tokio::spawn(async move { other.start().await });
    answer.is_waiting().await;
    let app = street.start().await;
    app.renew_leases().await.unwrap();
    poll(Arc::clone(&app)).await;
    answer.release();
    starting.await.unwrap();
    let late = street.start().await;
    late.renew_leases().await.unwrap();
    street.clock.advance(Duration::from_secs(16));
    late.renew_leases().await.unwrap();
    late.deliver("memory").await;
    let told = street.notifier.delivered();
    let kinds: Vec<&str> = told.iter().map(|event| event.kind.name()).collect();
    assert_eq!(kinds, ["workload_adopted", "deployment_created"]);
}
