//! While a part is out of order nothing is deployed, the API says why, and it heals by itself.

mod gate;

use std::time::Duration;

use registrywatcher_simulator::ALWAYS;
use reqwest::StatusCode;
use serde_json::Value;
use tokio::time::Instant;

use crate::databases::{Database, on_both_databases};
use crate::service::Service;
use crate::site::Site;
use crate::wait::eventually;
use gate::Gate;

on_both_databases!(
    a_registry_that_is_down_deploys_nothing_and_is_told,
    a_registry_that_limits_is_left_alone_for_as_long_as_it_asks,
    nomad_without_a_leader_is_waited_for,
);

async fn a_registry_that_is_down_deploys_nothing_and_is_told(database: Database) {
    let site = Site::open(database).await;
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;

    site.registry.stop().await;
    let digest = site.publish("v1.1.0");
    let watch = service.decides("web", "registry_unknown").await;
    assert!(!listing_fault(&watch).is_empty(), "{watch}");
    assert_eq!(watch["listing"]["count"], 1, "what was seen stays shown");
    let (status, _) = service.get("/readyz").await;
    assert_eq!(status, StatusCode::OK, "it is still the service's own turn");
    assert_eq!(site.nomad.registrations(), 0);

    site.registry.restart().await.unwrap();
    site.runs(&digest).await;
    let watch = service.watch("web").await;
    assert_eq!(listing_fault(&watch), "");
}

async fn a_registry_that_limits_is_left_alone_for_as_long_as_it_asks(database: Database) {
    let site = Site::open(database).await;
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;

    site.registry.fault(|faults| {
        faults.rate_limited = ALWAYS;
        faults.retry_after = Some("2".to_owned());
    });
    let digest = site.publish("v1.1.0");
    let watch = service.decides("web", "registry_unknown").await;
    assert!(!listing_fault(&watch).is_empty(), "{watch}");
    let (told, asked) = (Instant::now(), site.registry.requests().total());
    eventually("the registry is asked again", async || {
        (site.registry.requests().total() > asked).then_some(())
    })
    .await;
    // Polls would have come every 0.3 s; the two seconds began a little before the API told of them.
    let waited = told.elapsed();
    assert!(waited > Duration::from_millis(1500), "{waited:?}");
    assert_eq!(site.nomad.registrations(), 0);

    site.registry.recover();
    site.runs(&digest).await;
}

async fn nomad_without_a_leader_is_waited_for(database: Database) {
    let site = Site::open(database).await;
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;

    site.nomad.fault(|faults| faults.no_leader = ALWAYS);
    let digest = site.publish("v1.1.0");
    let watch = service.decides("web", "running_unknown").await;
    let fault = watch["workloads"][0]["running"]["fault"].as_str();
    assert!(fault.unwrap().contains("leader"), "{watch}");
    assert_eq!(site.nomad.registrations(), 0);

    site.nomad.recover();
    site.runs(&digest).await;
    service
        .newest_deployment("web", "v1.1.0", "succeeded")
        .await;
    assert_eq!(site.nomad.registrations(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_is_too_slow_is_unknown_until_it_answers_in_time() {
    let mut site = Site::open(Database::sqlite()).await;
    site.program.set("REGISTRYWATCHER_POLL__TIMEOUT", "1s");
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;

    let delay = Some(Duration::from_secs(3));
    site.registry.fault(|faults| faults.delay = delay);
    let digest = site.publish("v1.1.0");
    service.decides("web", "registry_unknown").await;
    assert_eq!(site.nomad.registrations(), 0);

    site.registry.recover();
    site.runs(&digest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nomad_that_fails_while_a_deployment_is_applied_gets_it_once_when_it_is_back() {
    let site = Site::open(Database::sqlite()).await;
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;
    // The writes are done, but the answers are lost with the leader.
    site.nomad.fault(|faults| faults.lost_answers = 2);
    let digest = site.publish("v1.1.0");
    site.runs(&digest).await;
    service
        .newest_deployment("web", "v1.1.0", "succeeded")
        .await;
    assert_eq!(site.marks().len(), 1, "{:?}", site.marks());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_on_pulls_blames_no_image_and_what_nomad_reverted_stays_so() {
    let site = Site::open(Database::sqlite()).await;
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;
    site.publish_unstartable(
        "v1.1.0",
        "toomanyrequests: you have reached your pull rate limit",
    );
    let failed = service.newest_deployment("web", "v1.1.0", "failed").await;
    assert_eq!(failed["failure"]["fault"], "orchestrator", "{failed}");
    service.decides("web", "backing_off").await;
    service.decides("web", "rolled_back").await;
    service.next_poll("web").await;
    assert_eq!(site.nomad.registrations(), 1);
    assert_eq!(service.count_events("web", "image_quarantined").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_ready_once_everything_was_polled() {
    let site = Site::open(Database::sqlite()).await;
    let delay = Some(Duration::from_secs(2));
    site.registry.fault(|faults| faults.delay = delay);
    let service = site.program.serve().await;
    let (status, problem) = service.get("/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
    assert_eq!(problem["errors"][0]["name"], "first_poll");
    assert_eq!(service.get("/healthz").await.0, StatusCode::OK);
    site.registry.recover();
    service.ready().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_not_ready_while_its_store_is_gone_and_goes_on_when_that_is_back() {
    let Some(database) = Database::postgres() else {
        return;
    };
    let mut site = Site::open(database).await;
    let mut gate = Gate::before(&site.database);
    site.program.set("DATABASE_URL", gate.url());
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;

    gate.close().await;
    let digest = site.publish("v1.1.0");
    ready_is(&service, StatusCode::SERVICE_UNAVAILABLE).await;
    let (_, problem) = service.get("/readyz").await;
    assert_eq!(problem["errors"][0]["name"], "store", "{problem}");
    assert_eq!(service.get("/healthz").await.0, StatusCode::OK);
    let (status, _) = service.get("/api/v1/events").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(site.nomad.registrations(), 0, "first it is stored");

    gate.open();
    ready_is(&service, StatusCode::OK).await;
    site.runs(&digest).await;
    service
        .newest_deployment("web", "v1.1.0", "succeeded")
        .await;
    assert_eq!(site.nomad.registrations(), 1);
}

async fn ready_is(service: &Service, expected: StatusCode) {
    eventually(&format!("/readyz answers {expected}"), async || {
        (service.get("/readyz").await.0 == expected).then_some(())
    })
    .await;
}

fn listing_fault(watch: &Value) -> &str {
    watch["listing"]["fault"].as_str().unwrap_or_default()
}
