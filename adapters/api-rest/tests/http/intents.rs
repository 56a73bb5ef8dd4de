//! What is wanted of a watch: its revision as an entity tag, and holding it.

use std::time::Duration;

use poem::http::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::call::Answer;
use super::house::House;

const INTENT: &str = "/api/v1/watches/web/intent";

impl House {
    async fn patch_if(&self, if_match: &str, change: Value) -> Answer {
        let call = self
            .call(Method::PATCH, INTENT)
            .header("if-match", if_match);
        call.json(&change).send().await
    }
}

#[tokio::test]
async fn the_revision_is_the_entity_tag() {
    let house = House::new().await;
    let read = house.get(INTENT).await;
    assert_eq!((read.status, read.header("etag")), (200, r#""1""#));
    let intent = json!({ "revision": 1, "target": "track", "auto_deploy": true });
    assert_eq!(read.body, intent);
    let watch = house.get("/api/v1/watches/web").await;
    assert_eq!(watch.body["intent"], intent);
    let changed = house
        .patch_if(r#""1""#, json!({ "auto_deploy": false }))
        .await;
    assert_eq!((changed.status, changed.header("etag")), (200, r#""2""#));
    assert_eq!(changed.body["revision"], 2);
    let unknown = house.get("/api/v1/watches/other/intent").await;
    assert_eq!((unknown.status, unknown.problem()), (404, "unknown-watch"));
}

#[tokio::test]
async fn what_was_decided_on_an_old_revision_is_412_and_changes_nothing() {
    let house = House::new().await;
    house.patch(INTENT, json!({ "auto_deploy": false })).await;
    for change in [
        json!({ "auto_deploy": true }),
        json!({ "target": "pin", "tag": "v1.0.0" }),
        json!({ "hold": true, "hold_reason": "the fair" }),
    ] {
        let late = house.patch_if(r#""1""#, change.clone()).await;
        assert_eq!(
            (late.status, late.problem()),
            (412, "precondition-failed"),
            "{change}"
        );
    }
    let intent = json!({ "revision": 2, "target": "track", "auto_deploy": false });
    assert_eq!(house.get(INTENT).await.body, intent);
}

#[tokio::test]
async fn a_star_matches_every_revision() {
    let house = House::new().await;
    for revision in 2..4 {
        let auto_deploy = revision % 2 == 0;
        let changed = house
            .patch_if("*", json!({ "auto_deploy": !auto_deploy }))
            .await;
        assert_eq!(
            (changed.status, &changed.body["revision"]),
            (200, &json!(revision))
        );
    }
}

#[tokio::test]
async fn what_is_no_entity_tag_of_an_intent_is_400() {
    let house = House::new().await;
    for malformed in [
        "1",
        r#""one""#,
        r#"W/"1""#,
        r#""1", "2""#,
        r#"""#,
        r#""-1""#,
    ] {
        let answer = house
            .patch_if(malformed, json!({ "auto_deploy": false }))
            .await;
        assert_eq!(
            (answer.status, answer.problem()),
            (400, "invalid"),
            "{malformed}"
        );
        assert_eq!(answer.body["errors"][0]["name"], "If-Match", "{malformed}");
    }
    let unreadable = house
        .patch_if("\"1\"\u{e9}", json!({ "auto_deploy": false }))
        .await;
    assert_eq!(unreadable.problem(), "invalid", "it is not ignored");
    let twice = house
        .call(Method::PATCH, INTENT)
        .also("if-match", r#""1""#)
        .also("if-match", r#""2""#);
    let twice = twice.json(&json!({ "auto_deploy": false })).send().await;
    assert_eq!((twice.status, twice.problem()), (400, "invalid"));
    let two = json!({ "auto_deploy": false, "expected_revision": 2 });
    let answer = house.patch_if(r#""1""#, two).await;
    assert_eq!((answer.status, answer.problem()), (400, "invalid"));
    assert_eq!(answer.body["errors"][0]["name"], "expected_revision");
    let same = json!({ "auto_deploy": false, "expected_revision": 1 });
    assert_eq!(house.patch_if(r#""1""#, same).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_pin_tells_what_it_led_to_and_is_waited_for() {
    let house = House::new().await;
    house.push("v1.1.0", 2);
    house.turn().await;
    let pin = |tag: &str| json!({ "target": "pin", "tag": tag });
    let at_once = house.patch(INTENT, pin("v1.1.0")).await;
    assert_eq!(
        (at_once.status, &at_once.body["ended"]),
        (200, &json!(false))
    );
    let deployments = at_once.body["deployments"].as_array().unwrap();
    assert_eq!(deployments.len(), 1);
    assert_eq!(deployments[0]["request"], at_once.body["request"]);
    house.drive().await;

    let path = format!("{INTENT}?wait=60");
    let (ended, ()) = tokio::join!(house.patch(&path, pin("v1.0.0")), house.drive_what_comes());
    assert_eq!((ended.status, &ended.body["ended"]), (200, &json!(true)));
    assert_eq!(
        (&ended.body["target"], &ended.body["tag"]),
        (&json!("pin"), &json!("v1.0.0"))
    );
    assert_eq!(ended.body["deployments"][0]["state"], "succeeded");
    house.assert_runs(1);

    house.deployer.hold_rollouts();
    let began = Instant::now();
    let longer = house
        .patch(&format!("{INTENT}?wait=5"), pin("v1.1.0"))
        .await;
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    assert_eq!((longer.status, &longer.body["ended"]), (200, &json!(false)));
}

#[tokio::test(start_paused = true)]
async fn a_change_that_asks_for_nothing_is_not_waited_for() {
    let house = House::new().await;
    let began = Instant::now();
    for change in [
        json!({ "auto_deploy": false }),
        json!({ "target": "track" }),
        json!({ "hold": true, "hold_reason": "the fair" }),
    ] {
        let answer = house.patch(&format!("{INTENT}?wait=60"), change).await;
        assert_eq!(answer.status, 200);
        for field in ["request", "deployments", "ended"] {
            assert_eq!(answer.body.get(field), None, "{field}");
        }
    }
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn a_watch_is_held_until_something_newer_appears() {
    let house = House::new().await;
    house.push("v1.1.0", 2);
    house.app.poll(&super::house::repository()).await;
    let change = json!({ "hold": true, "hold_reason": "the fair" });
    let changed = house.patch(INTENT, change).await;
    assert_eq!(changed.status, 200);
    let hold = &changed.body["hold"];
    assert_eq!(
        (&hold["by"], &hold["reason"], &hold["past_tag"]),
        (&json!("anonymous"), &json!("the fair"), &json!("v1.1.0"))
    );
    assert!(hold["since"].is_string());
    house.turn().await;
    house.push("v1.2.0", 3);
    house.turn().await;
    house.assert_runs(3);
}

#[tokio::test]
async fn a_hold_is_released() {
    let house = House::new().await;
    house.push("v1.1.0", 2);
    house.patch(INTENT, json!({ "auto_deploy": false })).await;
    house.turn().await;
    let change = json!({ "hold": true, "hold_reason": "the fair", "auto_deploy": true });
    let held = house.patch(INTENT, change).await;
    assert_eq!(held.body["auto_deploy"], true);
    house.turn().await;
    assert!(house.deployer.applied().is_empty(), "it is held");
    let released = house.patch(INTENT, json!({ "hold": false })).await;
    assert_eq!((released.status, released.body.get("hold")), (200, None));
    house.drive().await;
    house.assert_runs(2);
}

#[tokio::test]
async fn a_hold_and_its_reason_go_together() {
    let house = House::new().await;
    for change in [
        json!({ "hold": true }),
        json!({ "hold": true, "hold_reason": "  " }),
        json!({ "hold": false, "hold_reason": "the fair" }),
        json!({ "hold_reason": "the fair", "auto_deploy": true }),
    ] {
        let answer = house.patch(INTENT, change.clone()).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (400, "invalid"),
            "{change}"
        );
        assert_eq!(answer.body["errors"][0]["name"], "hold_reason", "{change}");
    }
    let number = json!({ "hold": true, "hold_reason": 7 });
    assert_eq!(house.patch(INTENT, number).await.problem(), "invalid");
}
