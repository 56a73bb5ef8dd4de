//! Images that are not deployed by themselves, because they failed.

use registrywatcher::deployment::Failure;
use registrywatcher_conformance::samples;
use serde_json::{Value, json};

use super::house::House;

const QUARANTINE: &str = "/api/v1/watches/web/quarantine";

/// `v1.1.0` failed, and `v1.0.0` runs again.
async fn with_a_bad_image() -> House {
    let house = House::new().await;
    house.deployer.fail_next_image("it crashed", true);
    house.push("v1.1.0", 2);
    house.turn().await;
    house
}

#[tokio::test]
async fn what_failed_is_listed_and_counted() {
    let house = with_a_bad_image().await;
    let listed = house.get(QUARANTINE).await;
    assert_eq!(listed.status, 200);
    let items = listed.body["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["tag"], "v1.1.0");
    assert_eq!(items[0]["digest"], samples::digest(2).as_str());
    assert_eq!(items[0]["reason"], "it crashed");
    let deployments = house.get("/api/v1/deployments").await.body;
    assert_eq!(items[0]["deployment"], deployments["items"][0]["id"]);
    let watch = house.get("/api/v1/watches/web").await.body;
    assert_eq!(watch["quarantined"], 1);
}

#[tokio::test]
async fn what_failed_is_kept_back_and_says_so() {
    let house = with_a_bad_image().await;
    house.turn().await;
    assert_eq!(reason(&house).await, "quarantined");
}

#[tokio::test]
async fn what_was_rolled_back_is_kept_back_and_says_so() {
    let house = House::new().await;
    let message = "no leader".to_owned();
    let not_the_image = Failure::Orchestrator { message };
    house.deployer.fail_next(not_the_image, true);
    house.push("v1.1.0", 2);
    house.turn().await;
    house.turn().await;
    assert_eq!(reason(&house).await, "rolled_back");
    assert_eq!(house.get(QUARANTINE).await.body, json!({ "items": [] }));
}

/// The first reason why nothing is deployed.
async fn reason(house: &House) -> Value {
    let watch = house.get("/api/v1/watches/web").await.body;
    watch["workloads"][0]["decision"]["reasons"][0]["name"].clone()
}

#[tokio::test]
async fn what_is_released_is_deployed_again() {
    let house = with_a_bad_image().await;
    let entry = house.get(QUARANTINE).await.body["items"][0].clone();
    let deployment = entry["deployment"].as_str().unwrap();
    let path = format!("{QUARANTINE}/{deployment}");
    let released = house.delete(&path).await;
    assert_eq!((released.status, released.body), (200, entry.clone()));
    assert_eq!(house.get(QUARANTINE).await.body, json!({ "items": [] }));
    house.turn().await;
    house.assert_runs(2);
    let events = house.get("/api/v1/events?limit=200").await.body;
    let mut events = events["items"].as_array().unwrap().iter();
    let told = events.find(|event| event["kind"] == "quarantine_released");
    let told = told.unwrap();
    assert_eq!(told["by"], "anonymous");
    assert_eq!(told["deployment"], entry["deployment"]);
    assert_eq!(told["digest"], entry["digest"]);
    let again = house.delete(&path).await;
    assert_eq!((again.status, again.problem()), (404, "not-quarantined"));
}

#[tokio::test]
async fn an_unknown_watch_is_404() {
    let house = House::new().await;
    let listed = house.get("/api/v1/watches/other/quarantine").await;
    assert_eq!((listed.status, listed.problem()), (404, "unknown-watch"));
    let id = "00000000-0000-0000-0000-000000000000";
    let path = format!("/api/v1/watches/other/quarantine/{id}");
    let released = house.delete(&path).await;
    assert_eq!(
        (released.status, released.problem()),
        (404, "unknown-watch")
    );
}

#[tokio::test]
async fn what_is_no_deployment_is_400() {
    let house = House::new().await;
    let answer = house.delete(&format!("{QUARANTINE}/v1.1.0")).await;
    assert_eq!((answer.status, answer.problem()), (400, "invalid"));
}
