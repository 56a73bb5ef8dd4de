//! Stops of deployments for a while.

use std::time::Duration;

use serde_json::{Value, json};

use super::call::Answer;
use super::house::House;

const OF_ALL: &str = "/api/v1/freeze";
const OF_WATCH: &str = "/api/v1/watches/web/freeze";
const DEPLOYMENTS: &str = "/api/v1/watches/web/deployments";

async fn freeze(house: &House, path: &str, seconds: u64) -> Answer {
    let until = house.in_seconds(seconds);
    let body = json!({ "until": until, "reason": "the audit" });
    house.put(path, body).await
}

async fn watch(house: &House) -> Value {
    house.get("/api/v1/watches/web").await.body
}

#[tokio::test]
async fn a_freeze_of_all_watches_is_told_until_it_is_ended() {
    let house = House::new().await;
    assert_eq!(house.get(OF_ALL).await.body, json!({}));
    let frozen = freeze(&house, OF_ALL, 3600).await;
    let expected = json!({
        "until": house.in_seconds(3600),
        "reason": "the audit",
        "by": "anonymous",
        "since": house.in_seconds(0),
        "stops": "everything",
    });
    assert_eq!((frozen.status, &frozen.body), (200, &expected));
    assert_eq!(house.get(OF_ALL).await.body, json!({ "freeze": expected }));
    let told = watch(&house).await;
    assert_eq!(told["freeze_of_all"], expected);
    assert_eq!(told.get("freeze"), None);
    let listed = house.get("/api/v1/watches").await.body;
    assert_eq!(listed["items"][0]["freeze_of_all"], expected);
    assert_eq!(house.delete(OF_ALL).await.status, 204);
    assert_eq!(house.get(OF_ALL).await.body, json!({}));
}

#[tokio::test]
async fn a_freeze_of_one_watch_is_told_with_it_until_it_expires() {
    let house = House::new().await;
    let frozen = freeze(&house, OF_WATCH, 90).await;
    assert_eq!(frozen.status, 200);
    let told = watch(&house).await;
    assert_eq!(told["freeze"], frozen.body);
    assert_eq!(told.get("freeze_of_all"), None);
    assert_eq!(house.get(OF_ALL).await.body, json!({}));
    house.clock.advance(Duration::from_secs(90));
    assert_eq!(watch(&house).await.get("freeze"), None);
}

#[tokio::test]
async fn what_is_new_waits_for_the_end_of_the_freeze_and_says_so() {
    for path in [OF_ALL, OF_WATCH] {
        let house = House::new().await;
        let until = freeze(&house, path, 3600).await.body["until"].clone();
        house.push("v1.1.0", 2);
        house.turn().await;
        assert!(house.store.all_deployments().is_empty());
        let decision = watch(&house).await["workloads"][0]["decision"].clone();
        let message = decision["reasons"][0]["message"].as_str().unwrap();
        assert!(message.ends_with(": the audit"), "{message}");
        assert_eq!(decision["reasons"][0]["name"], "frozen");
        assert_eq!(decision["reasons"][0]["until"], until);
        assert_eq!(decision["earliest"], until);
        assert_eq!(house.delete(path).await.status, 204);
        house.drive().await;
        house.assert_runs(2);
    }
}

#[tokio::test]
async fn what_is_asked_for_is_409_with_the_end_of_the_freeze() {
    let house = House::new().await;
    let body = json!({ "until": "2999-01-01T00:00:00.25Z", "reason": "the audit" });
    house.put(OF_ALL, body).await;
    let pin = json!({ "target": "pin", "tag": "v1.0.0" });
    for answer in [
        house.post(DEPLOYMENTS, json!({})).await,
        house.patch("/api/v1/watches/web/intent", pin).await,
    ] {
        assert_eq!((answer.status, answer.problem()), (409, "frozen"));
        assert_eq!(answer.body["until"], "2999-01-01T00:00:00.250000Z");
        assert_eq!(
            answer.header("retry-after"),
            "Tue, 01 Jan 2999 00:00:01 GMT"
        );
    }
    assert!(house.store.all_deployments().is_empty());
}

#[tokio::test]
async fn what_overrides_the_freeze_is_deployed() {
    let house = House::new().await;
    freeze(&house, OF_ALL, 3600).await;
    house.push("hotfix", 9);
    let demand = json!({ "tag": "hotfix", "override": true });
    assert_eq!(house.post(DEPLOYMENTS, demand).await.status, 202);
    house.drive().await;
    house.assert_runs(9);
}

#[tokio::test]
async fn a_freeze_that_holds_already_is_replaced() {
    let house = House::new().await;
    freeze(&house, OF_WATCH, 3600).await;
    let longer = freeze(&house, OF_WATCH, 7200).await.body;
    assert_eq!(watch(&house).await["freeze"], longer);
}

#[tokio::test]
async fn ending_what_is_not_frozen_changes_nothing() {
    let house = House::new().await;
    let before = house.store.all_events();
    for path in [OF_ALL, OF_WATCH] {
        assert_eq!(house.delete(path).await.status, 204);
    }
    assert_eq!(house.store.all_events(), before);
}

#[tokio::test]
async fn events_tell_of_a_freeze_and_those_of_all_watches_belong_to_none() {
    let house = House::new().await;
    freeze(&house, OF_WATCH, 3600).await;
    freeze(&house, OF_ALL, 3600).await;
    let events = house.get("/api/v1/events?limit=2").await.body;
    let [of_all, of_watch] = events["items"].as_array().unwrap().as_slice() else {
        panic!("two events");
    };
    assert_eq!(
        (&of_all["kind"], of_all.get("watch")),
        (&json!("frozen"), None)
    );
    assert_eq!(
        (&of_watch["kind"], &of_watch["watch"]),
        (&json!("frozen"), &json!("web"))
    );
    assert_eq!(of_all["by"], "anonymous");
    assert_eq!(of_all["severity"], "warning");
}

#[tokio::test]
async fn a_freeze_that_is_not_understood_is_400_and_says_which_field() {
    let house = House::new().await;
    let until = house.in_seconds(3600);
    let cases = [
        (
            json!({ "until": house.in_seconds(0), "reason": "x" }),
            "until",
        ),
        (json!({ "until": until, "reason": " " }), "reason"),
        (json!({ "until": until }), "reason"),
        (json!({ "until": until, "reason": 1 }), "reason"),
        (json!({ "reason": "x" }), "until"),
        (json!({ "until": "tomorrow", "reason": "x" }), "until"),
        (
            json!({ "until": "+10000-01-01T00:00:00Z", "reason": "x" }),
            "until",
        ),
        (
            json!({ "until": 4_000_000_000_u64, "reason": "x" }),
            "until",
        ),
        (json!({ "until": until, "reason": "x", "by": "me" }), "by"),
    ];
    for path in [OF_ALL, OF_WATCH] {
        for (body, field) in &cases {
            let answer = house.put(path, body.clone()).await;
            assert_eq!(
                (answer.status, answer.problem()),
                (400, "invalid"),
                "{body}"
            );
            assert_eq!(answer.body["errors"][0]["name"], *field, "{body}");
        }
    }
    assert_eq!(house.get(OF_ALL).await.body, json!({}));
}

#[tokio::test]
async fn an_unknown_watch_is_404() {
    let house = House::new().await;
    let path = "/api/v1/watches/other/freeze";
    for answer in [freeze(&house, path, 3600).await, house.delete(path).await] {
        assert_eq!((answer.status, answer.problem()), (404, "unknown-watch"));
    }
}

#[tokio::test]
async fn a_store_that_is_down_is_503_and_freezes_nothing() {
    let house = House::new().await;
    for path in [OF_ALL, OF_WATCH] {
        house.store.fail_next(20);
        let answer = freeze(&house, path, 3600).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (503, "store-unavailable"),
            "{path}"
        );
    }
    house.store.fail_next(0);
    let told = watch(&house).await;
    assert_eq!(
        (told.get("freeze"), told.get("freeze_of_all")),
        (None, None)
    );
}
