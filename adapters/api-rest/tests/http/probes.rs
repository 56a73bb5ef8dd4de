//! Whether the service is well.

use std::sync::Arc;

use registrywatcher_memory::{MemoryStore, RegistryFault};
use serde_json::json;

use super::house::{Differences, EXPOSITION, House};
use super::mishaps::{Mishap, UnluckyStore};

#[tokio::test]
async fn it_is_alive_before_the_first_poll_and_ready_after_it() {
    let house = House::with(Differences::default()).await;
    let alive = house.get("/healthz").await;
    assert_eq!(
        (alive.status, alive.body),
        (200, json!({ "status": "alive" }))
    );
    let early = house.get("/readyz").await;
    assert_eq!((early.status, early.problem()), (503, "not-ready"));
    let missing = json!([{ "name": "first_poll", "detail": "1 watch was not polled yet" }]);
    assert_eq!(early.body["errors"], missing);
    house.turn().await;
    let ready = house.get("/readyz").await;
    assert_eq!(
        (ready.status, ready.body),
        (200, json!({ "status": "ready", "degraded": [] }))
    );
}

#[tokio::test]
async fn what_does_not_work_outside_is_named_and_the_service_stays_ready() {
    let house = House::new().await;
    house.registry.set_fault(Some(RegistryFault::Unavailable));
    house.deployer.break_down();
    for _ in 0..6 {
        house.turn().await;
    }
    let answer = house.get("/readyz").await;
    let degraded = json!([
        { "part": "deployer production", "watches": 1 },
        { "part": "registry registry.example", "watches": 1 },
    ]);
    assert_eq!((answer.status, &answer.body["degraded"]), (200, &degraded));
    house.registry.set_fault(None);
    house.deployer.recover();
    house.turn().await;
    assert_eq!(house.get("/readyz").await.body["degraded"], json!([]));
}

#[tokio::test]
async fn it_is_not_ready_without_its_store() {
    let house = House::new().await;
    house.store.fail_next(1);
    let answer = house.get("/readyz").await;
    assert_eq!((answer.status, answer.problem()), (503, "not-ready"));
    assert_eq!(answer.body["errors"][0]["name"], "store");
    assert_eq!(house.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn everything_that_is_wrong_is_named_at_once() {
    let house = House::with(Differences::default()).await;
    house.store.fail_next(1);
    let answer = house.get("/readyz").await;
    assert_eq!((answer.status, answer.problem()), (503, "not-ready"));
    let wrong = json!([
        { "name": "store", "detail": "the store is unavailable: the store was told to fail" },
        { "name": "first_poll", "detail": "1 watch was not polled yet" },
    ]);
    assert_eq!(answer.body["errors"], wrong);
}

#[tokio::test(start_paused = true)]
async fn it_does_not_wait_long_for_a_store_that_hangs() {
    let store = UnluckyStore(MemoryStore::new(), Mishap::Hangs);
    let differences = Differences {
        store: Some(Arc::new(store)),
        ..Differences::default()
    };
    let house = House::with(differences).await;
    let answer = house.get("/readyz").await;
    assert_eq!((answer.status, answer.problem()), (503, "not-ready"));
    assert_eq!(
        answer.body["errors"][0]["detail"],
        "the store did not answer within 2 s"
    );
}

#[tokio::test]
async fn what_is_measured_is_told_as_prometheus_reads_it() {
    let house = House::new().await;
    let answer = house.get("/metrics").await;
    assert_eq!((answer.status, &answer.body), (200, &json!(EXPOSITION)));
    let format = "text/plain; version=0.0.4; charset=utf-8";
    assert_eq!(answer.header("content-type"), format);
}
