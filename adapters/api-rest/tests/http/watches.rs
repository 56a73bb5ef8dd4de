//! Watches and what is wanted of them.

use registrywatcher::app::Sharing;
use registrywatcher_conformance::samples;
use registrywatcher_memory::RegistryFault;
use serde_json::json;

use super::house::{House, WORKLOAD};

const INTENT: &str = "/api/v1/watches/web/intent";

#[tokio::test]
async fn a_watch_is_told_with_all_that_is_known() {
    let house = House::new().await;
    house.push("v1.1.0", 2);
    house.turn().await;
    house.patch(INTENT, json!({ "auto_deploy": false })).await;
    house.push("v1.2.0", 3);
    house.turn().await;
    let answer = house.get("/api/v1/watches/web").await;
    assert_eq!(answer.status, 200);
    let watch = &answer.body;
    assert_eq!(watch["name"], "web");
    assert_eq!(watch["repository"], "registry.example/acme/web");
    assert_eq!(watch["mode"], "deploy");
    assert_eq!(watch["attended"], true);
    assert_eq!(watch["quarantined"], 0);
    assert_eq!(
        watch["wanted"],
        json!({ "tag": "v1.2.0", "digest": samples::digest(3).as_str() })
    );
    assert_eq!(watch["tags"], json!(["v1.0.0", "v1.1.0", "v1.2.0"]));
    assert_eq!(watch["listing"]["count"], 3);
    let intent = json!({ "revision": 2, "target": "track", "auto_deploy": false });
    assert_eq!(watch["intent"], intent);
    let workload = &watch["workloads"][0];
    assert_eq!(workload["name"], WORKLOAD);
    let running = json!({
        "state": "image",
        "tag": "v1.1.0",
        "digest": samples::digest(2).as_str(),
        "origin": "ours",
    });
    assert_eq!(workload["running"], running);
    let decision = &workload["decision"];
    assert_eq!(decision["outcome"], "hold");
    assert_eq!(decision["tag"], "v1.2.0");
    assert_eq!(decision["cause"]["name"], "newer_version");
    assert_eq!(decision["reasons"][0]["name"], "auto_deploy_off");
    assert_eq!(decision["reasons"][0]["message"], "auto-deploy is off");
}

#[tokio::test]
async fn a_hold_that_passes_with_time_says_when() {
    let house = House::new().await;
    house.push("v1.1.0", 2);
    house.turn().await;
    house.push("v1.2.0", 3);
    house.app.poll(&super::house::repository()).await;
    let watch = house.get("/api/v1/watches/web").await.body;
    let decision = &watch["workloads"][0]["decision"];
    assert_eq!(decision["reasons"][0]["name"], "backing_off");
    assert_eq!(decision["earliest"], decision["reasons"][0]["until"]);
    let until = decision["earliest"].as_str().unwrap();
    assert!(
        until.ends_with('Z') && until.len() == "2026-01-01T00:00:00.000000Z".len(),
        "{until}"
    );
}

#[tokio::test]
async fn a_rollout_that_goes_on_is_told_with_its_deployment() {
    let house = House::new().await;
    house.deployer.hold_rollouts();
    house.push("v1.1.0", 2);
    house.turn().await;
    let watch = house.get("/api/v1/watches/web").await.body;
    let id = watch["workloads"][0]["deployment"].as_str().unwrap();
    let deployment = house.get(&format!("/api/v1/deployments/{id}")).await.body;
    assert_eq!(deployment["state"], "rolling");
}

#[tokio::test]
async fn the_list_of_watches_leaves_the_tags_out() {
    let house = House::new().await;
    let listed = house.get("/api/v1/watches").await.body;
    let mut read = house.get("/api/v1/watches/web").await.body;
    for left_out in ["tags", "quarantined"] {
        read.as_object_mut().unwrap().remove(left_out);
    }
    assert_eq!(listed, json!({ "items": [read] }));
}

#[tokio::test]
async fn a_watch_that_was_not_polled_says_so() {
    let house = House::with(super::house::Differences::default()).await;
    let watch = house.get("/api/v1/watches/web").await.body;
    assert_eq!(watch["workloads"][0]["running"]["state"], "unknown");
    assert!(watch["wanted"]["fault"].is_string());
    assert_eq!(watch["tags"], json!([]));
}

#[tokio::test]
async fn a_watch_says_whether_this_replica_attends_to_it() {
    let sharing = Sharing {
        lease: std::time::Duration::from_secs(15),
        fingerprint: "the configuration".to_owned(),
    };
    let house = House::with(super::house::Differences {
        sharing: Some(sharing),
        ..super::house::Differences::default()
    })
    .await;
    let is_attended = async || house.get("/api/v1/watches/web").await.body["attended"].clone();
    assert_eq!(is_attended().await, false);
    house.app.renew_leases().await.unwrap();
    assert_eq!(is_attended().await, true);
    house.clock.advance(std::time::Duration::from_secs(15));
    assert_eq!(is_attended().await, false);
}

#[tokio::test]
async fn an_unknown_watch_is_404() {
    let house = House::new().await;
    let read = house.get("/api/v1/watches/other").await;
    assert_eq!((read.status, read.problem()), (404, "unknown-watch"));
    assert_eq!(read.body["detail"], "there is no watch `other`");
    let changed = house
        .patch(
            "/api/v1/watches/other/intent",
            json!({ "auto_deploy": true }),
        )
        .await;
    assert_eq!((changed.status, changed.problem()), (404, "unknown-watch"));
    let deployed = house
        .post("/api/v1/watches/other/deployments", json!({}))
        .await;
    assert_eq!(
        (deployed.status, deployed.problem()),
        (404, "unknown-watch")
    );
}

#[tokio::test]
async fn a_watch_is_pinned_and_tracks_again() {
    let house = House::new().await;
    house.push("v1.1.0", 2);
    house.turn().await;
    let pinned = house
        .patch(INTENT, json!({ "target": "pin", "tag": "v1.0.0" }))
        .await;
    let intent = json!({ "revision": 2, "target": "pin", "tag": "v1.0.0", "auto_deploy": true });
    assert_eq!((pinned.status, pinned.header("etag")), (200, r#""2""#));
    assert_eq!(house.get(INTENT).await.body, intent);
    house.drive().await;
    house.assert_runs(1);
    let tracks = house.patch(INTENT, json!({ "target": "track" })).await;
    assert_eq!(tracks.body["target"], "track");
    house.clock.advance(std::time::Duration::from_mins(1));
    house.turn().await;
    house.assert_runs(2);
}

#[tokio::test]
async fn a_lost_race_is_409_and_changes_nothing() {
    let house = House::new().await;
    let change = json!({ "auto_deploy": false, "expected_revision": 1 });
    assert_eq!(house.patch(INTENT, change).await.status, 200);
    let late = json!({ "target": "pin", "tag": "v1.0.0", "expected_revision": 1 });
    let late = house.patch(INTENT, late).await;
    assert_eq!((late.status, late.problem()), (409, "lost-race"));
    let intent = &house.get("/api/v1/watches/web").await.body["intent"];
    assert_eq!(
        (&intent["revision"], &intent["target"]),
        (&json!(2), &json!("track"))
    );
}

#[tokio::test]
async fn a_change_that_is_not_understood_is_400_and_says_which_field() {
    let house = House::new().await;
    let cases = [
        (json!({}), "body"),
        (json!({ "expected_revision": 1 }), "body"),
        (json!({ "target": "pin" }), "tag"),
        (json!({ "target": "track", "tag": "v1.0.0" }), "tag"),
        (json!({ "tag": "v1.0.0" }), "tag"),
        (json!({ "target": "hold" }), "target"),
        (json!({ "target": "pin", "tag": 1 }), "tag"),
        (json!({ "target": "pin", "tag": "not a tag" }), "tag"),
        (json!({ "auto_deploy": "yes" }), "auto_deploy"),
        (json!({ "auto_deploy": true, "tag": null }), "tag"),
        (
            json!({ "auto_deploy": true, "expected_revision": 1_u64 << 53 }),
            "expected_revision",
        ),
        (
            json!({ "auto_deploy": true, "autodeploy": true }),
            "autodeploy",
        ),
    ];
    for (body, field) in cases {
        let answer = house.patch(INTENT, body.clone()).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (400, "invalid"),
            "{body}"
        );
        assert_eq!(answer.body["errors"][0]["name"], field, "{body}");
    }
    assert_eq!(
        house.get("/api/v1/watches/web").await.body["intent"]["revision"],
        1
    );
}

#[tokio::test]
async fn a_tag_that_the_registry_does_not_have_is_422() {
    let house = House::new().await;
    let answer = house
        .patch(INTENT, json!({ "target": "pin", "tag": "v9.9.9" }))
        .await;
    assert_eq!((answer.status, answer.problem()), (422, "tag-not-found"));
}

#[tokio::test]
async fn a_registry_that_is_down_is_503_and_changes_nothing() {
    let house = House::new().await;
    house.registry.set_fault(Some(RegistryFault::Unavailable));
    let answer = house
        .patch(INTENT, json!({ "target": "pin", "tag": "v1.0.0" }))
        .await;
    assert_eq!(
        (answer.status, answer.problem()),
        (503, "registry-unavailable")
    );
    assert_eq!(
        house.get("/api/v1/watches/web").await.body["intent"]["revision"],
        1
    );
}

#[tokio::test]
async fn a_registry_that_asks_to_wait_is_passed_on() {
    let house = House::new().await;
    let wait = std::time::Duration::from_secs(30);
    house
        .registry
        .set_fault(Some(RegistryFault::RateLimited { retry_after: wait }));
    let answer = house
        .patch(INTENT, json!({ "target": "pin", "tag": "v1.0.0" }))
        .await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "30"));
}

#[tokio::test]
async fn a_store_that_is_down_is_503() {
    let house = House::new().await;
    house.store.fail_next(20);
    let answer = house.patch(INTENT, json!({ "auto_deploy": false })).await;
    assert_eq!(
        (answer.status, answer.problem()),
        (503, "store-unavailable")
    );
}
