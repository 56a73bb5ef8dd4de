//! Going back to what ran before.

use serde_json::json;

use super::house::{House, WORKLOAD};

const ROLLBACK: &str = "/api/v1/watches/web/rollback";

#[tokio::test]
async fn a_rollback_brings_back_what_ran_before_until_something_newer_appears() {
    let house = House::new().await;
    for (tag, n) in [("v1.1.0", 2), ("v1.2.0", 3)] {
        house.push(tag, n);
        house.turn().await;
    }
    let answer = house.post(ROLLBACK, json!({})).await;
    assert_eq!(answer.status, 202);
    house.drive().await;
    house.assert_runs(2);
    house.turn().await;
    house.assert_runs(2);
    let watch = house.get("/api/v1/watches/web").await.body;
    let reason = &watch["workloads"][0]["decision"]["reasons"][0];
    assert_eq!(reason["name"], "operator_hold");
    house.push("v1.3.0", 4);
    house.turn().await;
    house.assert_runs(4);
}

#[tokio::test]
async fn one_workload_is_rolled_back() {
    let house = House::new().await;
    house.push("v1.1.0", 2);
    house.turn().await;
    let answer = house.post(ROLLBACK, json!({ "workload": WORKLOAD })).await;
    assert_eq!(answer.status, 202);
    house.drive().await;
    house.assert_runs(1);
}

#[tokio::test]
async fn nothing_to_go_back_to_is_409() {
    let house = House::new().await;
    let answer = house.post(ROLLBACK, json!({})).await;
    assert_eq!((answer.status, answer.problem()), (409, "nothing-before"));
}

#[tokio::test]
async fn a_rollback_is_409_while_deployments_are_frozen_unless_that_is_overridden() {
    let house = House::new().await;
    house.push("v1.1.0", 2);
    house.turn().await;
    let freeze = json!({ "until": house.in_seconds(3600), "reason": "the audit" });
    house.put("/api/v1/watches/web/freeze", freeze).await;
    let refused = house.post(ROLLBACK, json!({})).await;
    assert_eq!((refused.status, refused.problem()), (409, "frozen"));
    let taken_on = house.post(ROLLBACK, json!({ "override": true })).await;
    assert_eq!(taken_on.status, 202);
    house.drive().await;
    house.assert_runs(1);
}

#[tokio::test]
async fn an_unknown_watch_is_404_and_an_unknown_workload_422() {
    let house = House::new().await;
    let unknown = house
        .post("/api/v1/watches/other/rollback", json!({}))
        .await;
    assert_eq!((unknown.status, unknown.problem()), (404, "unknown-watch"));
    let unknown = house.post(ROLLBACK, json!({ "workload": "other" })).await;
    assert_eq!(
        (unknown.status, unknown.problem()),
        (422, "unknown-workload")
    );
}

#[tokio::test]
async fn a_demand_that_is_not_understood_is_400() {
    let house = House::new().await;
    for body in [json!({ "override": "yes" }), json!({ "tag": "v1.0.0" })] {
        let answer = house.post(ROLLBACK, body.clone()).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (400, "invalid"),
            "{body}"
        );
    }
}
