//! Deployments: asking for them, and reading them.

use registrywatcher_conformance::samples;
use registrywatcher_memory::RegistryFault;
use serde_json::{Value, json};

use super::house::{Differences, House, WORKLOAD};

const DEPLOYMENTS: &str = "/api/v1/watches/web/deployments";

/// Three deployments, one of which failed.
async fn with_history() -> House {
    let house = House::new().await;
    house.push("v1.1.0", 2);
    house.turn().await;
    house.deployer.fail_next_image("it crashed", true);
    house.push("v1.2.0", 3);
    house.turn().await;
    house.push("v1.3.0", 4);
    house.turn().await;
    house
}

fn tags(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["tag"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_tag_is_deployed_now() {
    let house = House::new().await;
    house.push("hotfix", 9);
    let answer = house.post(DEPLOYMENTS, json!({ "tag": "hotfix" })).await;
    assert_eq!(answer.status, 202);
    house.drive().await;
    house.assert_runs(9);
    let asked = house.get("/api/v1/events?limit=200").await.body;
    let asked = asked["items"].as_array().unwrap().iter();
    let asked = asked
        .filter(|event| event["kind"] == "deployment_asked")
        .collect::<Vec<_>>();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0]["request"], answer.body["request"]);
    assert_eq!(asked[0]["by"], "anonymous");
}

#[tokio::test]
async fn the_wanted_tag_is_deployed_to_one_workload() {
    let house = House::new().await;
    let before = house.deployer.generation("web");
    let answer = house
        .post(DEPLOYMENTS, json!({ "workload": WORKLOAD }))
        .await;
    assert_eq!(answer.status, 202);
    house.drive().await;
    assert_eq!(house.deployer.generation("web"), before + 1);
}

#[tokio::test]
async fn a_request_that_waits_is_told_with_its_watch() {
    let house = House::new().await;
    house.deployer.break_down();
    house.clock.advance(std::time::Duration::from_mins(10));
    house.turn().await;
    let asked = house
        .post(DEPLOYMENTS, json!({ "tag": "v1.0.0" }))
        .await
        .body;
    let watch = house.get("/api/v1/watches/web").await.body;
    let request = &watch["requests"][0];
    assert_eq!(request["id"], asked["request"]);
    assert_eq!(request["tag"], "v1.0.0");
    assert_eq!(request["workloads"], json!([WORKLOAD]));
}

#[tokio::test]
async fn an_unknown_workload_is_422() {
    let house = House::new().await;
    let answer = house
        .post(DEPLOYMENTS, json!({ "workload": "production:job=other" }))
        .await;
    assert_eq!((answer.status, answer.problem()), (422, "unknown-workload"));
}

#[tokio::test]
async fn an_unknown_tag_is_422() {
    let house = House::new().await;
    let answer = house.post(DEPLOYMENTS, json!({ "tag": "v9.9.9" })).await;
    assert_eq!((answer.status, answer.problem()), (422, "tag-not-found"));
}

#[tokio::test]
async fn nothing_to_deploy_is_409() {
    let house = House::with(Differences::default()).await;
    let repository = super::house::repository();
    house
        .registry
        .remove_tag(&repository, &samples::tag("v1.0.0"));
    house.turn().await;
    let answer = house.post(DEPLOYMENTS, json!({})).await;
    assert_eq!((answer.status, answer.problem()), (409, "nothing-wanted"));
}

#[tokio::test]
async fn a_demand_that_is_not_understood_is_400() {
    let house = House::new().await;
    for body in [
        json!({ "tag": 1 }),
        json!({ "tag": null }),
        json!({ "workload": 1 }),
        json!({ "override": null }),
        json!({ "digest": "sha256:00" }),
        json!([]),
    ] {
        let answer = house.post(DEPLOYMENTS, body.clone()).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (400, "invalid"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_registry_that_is_down_is_503_and_deploys_nothing() {
    let house = House::new().await;
    house.registry.set_fault(Some(RegistryFault::Unavailable));
    let answer = house.post(DEPLOYMENTS, json!({ "tag": "v1.0.0" })).await;
    assert_eq!(
        (answer.status, answer.problem()),
        (503, "registry-unavailable")
    );
    assert!(house.store.all_deployments().is_empty());
}

#[tokio::test]
async fn deployments_are_listed_newest_first_page_by_page() {
    let house = with_history().await;
    let all = house.get("/api/v1/deployments").await.body;
    assert_eq!(tags(&all), ["v1.3.0", "v1.2.0", "v1.1.0"]);
    assert_eq!(all.get("next"), None);
    let first = house
        .get("/api/v1/deployments?watch=web&limit=2")
        .await
        .body;
    assert_eq!(tags(&first), ["v1.3.0", "v1.2.0"]);
    let next = first["next"].as_str().unwrap();
    let second = house
        .get(&format!("/api/v1/deployments?limit=2&before={next}"))
        .await
        .body;
    assert_eq!(tags(&second), ["v1.1.0"]);
    assert_eq!(second.get("next"), None);
    let other = house.get("/api/v1/deployments?watch=other").await.body;
    assert_eq!(other, json!({ "items": [] }));
}

#[tokio::test]
async fn a_deployment_is_told_in_full() {
    let house = with_history().await;
    let listed = house.get("/api/v1/deployments").await.body["items"][1].clone();
    let id = listed["id"].as_str().unwrap();
    let read = house.get(&format!("/api/v1/deployments/{id}")).await;
    assert_eq!((read.status, &read.body), (200, &listed));
    assert_eq!(listed["watch"], "web");
    assert_eq!(listed["workload"], WORKLOAD);
    assert_eq!(listed["digest"], samples::digest(3).as_str());
    assert_eq!(listed["previous_tag"], "v1.1.0");
    assert_eq!(listed["previous_digest"], samples::digest(2).as_str());
    assert_eq!(listed["cause"]["name"], "newer_version");
    assert_eq!(listed["state"], "failed");
    let failure = json!({ "fault": "image", "message": "it crashed", "restored": true });
    assert_eq!(listed["failure"], failure);
    assert!(listed["ended_at"].is_string());
}

#[tokio::test]
async fn an_unknown_deployment_is_404() {
    let house = House::new().await;
    let unknown = house
        .get("/api/v1/deployments/00000000-0000-0000-0000-000000000000")
        .await;
    assert_eq!(
        (unknown.status, unknown.problem()),
        (404, "unknown-deployment")
    );
    let malformed = house.get("/api/v1/deployments/7").await;
    assert_eq!((malformed.status, malformed.problem()), (400, "invalid"));
    assert_eq!(malformed.body["errors"][0]["name"], "path");
}

#[tokio::test]
async fn a_query_that_is_not_understood_is_400_and_says_which_parameter() {
    let house = House::new().await;
    let queries = [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("before=7", "before"),
        ("watch=no%20name", "watch"),
    ];
    for (query, parameter) in queries {
        let answer = house.get(&format!("/api/v1/deployments?{query}")).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (400, "invalid"),
            "{query}"
        );
        assert_eq!(answer.body["errors"][0]["name"], parameter, "{query}");
    }
}

#[tokio::test]
async fn a_store_that_is_down_is_503() {
    let house = House::new().await;
    house.store.fail_next(1);
    let answer = house.get("/api/v1/deployments").await;
    assert_eq!(
        (answer.status, answer.problem()),
        (503, "store-unavailable")
    );
}
