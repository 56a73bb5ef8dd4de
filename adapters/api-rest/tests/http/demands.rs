//! Demands that are made once, however often they are sent, and waiting for what comes of them.

use std::time::Duration;

use poem::http::Method;
use registrywatcher::token::Role;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::call::Answer;
use super::house::{Differences, House, LIMITS};
use super::roles::token;
use super::tokens::limited;

const DEPLOYMENTS: &str = "/api/v1/watches/web/deployments";
const ROLLBACK: &str = "/api/v1/watches/web/rollback";

impl House {
    async fn demand(&self, path: &str, key: &str, demand: Value) -> Answer {
        let call = self.call(Method::POST, path).header("idempotency-key", key);
        call.json(&demand).send().await
    }

    async fn demand_as(&self, name: &str, path: &str, key: &str) -> Answer {
        let call = self.call(Method::POST, path).header("idempotency-key", key);
        let call = call.header("authorization", &format!("Bearer secret of {name}"));
        call.json(&json!({})).send().await
    }

    /// How many deployments there are, after all that were asked for have ended.
    async fn deployed(&self) -> usize {
        self.drive().await;
        self.store.all_deployments().len()
    }

    /// The rollout of `v1.1.0`, which does not end by itself.
    async fn rolling(&self) -> String {
        self.deployer.hold_rollouts();
        self.push("v1.1.0", 2);
        self.turn().await;
        let deployments = self.store.all_deployments();
        deployments.last().unwrap().id.to_string()
    }
}

#[tokio::test]
async fn the_same_demand_under_the_same_key_is_made_once() {
    let house = House::new().await;
    let first = house.demand(DEPLOYMENTS, "7", json!({})).await;
    assert_eq!(first.status, 202);
    assert_eq!(house.deployed().await, 1);
    let freeze = json!({ "until": house.in_seconds(60), "reason": "the fair" });
    house.put("/api/v1/freeze", freeze).await;
    let again = house.demand(DEPLOYMENTS, "7", json!({})).await;
    assert_eq!(
        again.status, 202,
        "it was made before the freeze: {again:?}"
    );
    assert_eq!(again.body["request"], first.body["request"]);
    assert_eq!(again.body["ended"], true);
    assert_eq!(again.body["deployments"][0]["state"], "succeeded");
    assert_eq!(house.deployed().await, 1);
    house.delete("/api/v1/freeze").await;
    let other = house.demand(DEPLOYMENTS, "8", json!({})).await;
    assert_ne!(other.body["request"], first.body["request"]);
    assert_eq!(house.deployed().await, 2);
}

#[tokio::test]
async fn another_demand_under_the_same_key_is_422() {
    let house = House::new().await;
    house.push("v1.1.0", 2);
    house.turn().await;
    let before = house.deployed().await;
    let first = house
        .demand(DEPLOYMENTS, "7", json!({ "tag": "v1.0.0" }))
        .await;
    assert_eq!(first.status, 202);
    for (path, demand) in [
        (DEPLOYMENTS, json!({ "tag": "v1.1.0" })),
        (DEPLOYMENTS, json!({})),
        (ROLLBACK, json!({})),
    ] {
        let answer = house.demand(path, "7", demand.clone()).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (422, "key-reused"),
            "{path} {demand}"
        );
        let request = first.body["request"].as_str().unwrap();
        assert!(answer.body["detail"].as_str().unwrap().contains(request));
    }
    assert_eq!(house.deployed().await, before + 1);
}

#[tokio::test]
async fn a_rollback_is_made_once_too() {
    let house = House::new().await;
    for (tag, n) in [("v1.1.0", 2), ("v1.2.0", 3)] {
        house.push(tag, n);
        house.turn().await;
    }
    let first = house.demand(ROLLBACK, "7", json!({})).await;
    assert_eq!(first.status, 202);
    house.drive().await;
    let again = house.demand(ROLLBACK, "7", json!({})).await;
    assert_eq!(again.body["request"], first.body["request"]);
    house.drive().await;
    house.assert_runs(2);
}

#[tokio::test]
async fn keys_belong_to_a_watch_and_a_token_for_a_day() {
    let house = House::with(Differences {
        others: vec!["api"],
        tokens: vec![token("dora", Role::Deployer), token("ada", Role::Admin)],
        ..Differences::default()
    })
    .await;
    house.turn().await;
    let mut requests = Vec::new();
    for (name, path) in [
        ("dora", DEPLOYMENTS),
        ("dora", "/api/v1/watches/api/deployments"),
        ("ada", DEPLOYMENTS),
    ] {
        let answer = house.demand_as(name, path, "7").await;
        assert_eq!(answer.status, 202, "{name} {path}: {answer:?}");
        requests.push(answer.body["request"].to_string());
    }
    house.clock.advance(Duration::from_hours(23));
    let within = house.demand_as("dora", DEPLOYMENTS, "7").await;
    assert_eq!(within.body["request"].to_string(), requests[0]);
    assert_eq!(house.deployed().await, 3);
    house.clock.advance(Duration::from_hours(2));
    assert_eq!(house.demand_as("dora", DEPLOYMENTS, "7").await.status, 202);
    assert_eq!(house.deployed().await, 4);
    requests.sort();
    requests.dedup();
    assert_eq!(requests.len(), 3);
}

#[tokio::test]
async fn a_key_that_is_none_is_400() {
    let house = House::new().await;
    let too_long = "k".repeat(256);
    for key in [" ", "\u{e9}", "a\tb", too_long.as_str()] {
        for path in [DEPLOYMENTS, ROLLBACK] {
            let answer = house.demand(path, key, json!({})).await;
            assert_eq!(
                (answer.status, answer.problem()),
                (400, "invalid"),
                "{path} {key:?}"
            );
            assert_eq!(
                answer.body["errors"][0]["name"], "Idempotency-Key",
                "{key:?}"
            );
        }
    }
    let longest = "k".repeat(255);
    let answer = house.demand(DEPLOYMENTS, &longest, json!({})).await;
    assert_eq!(answer.status, 202);
    assert_eq!(house.deployed().await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_demand_that_is_waited_for_is_answered_at_its_end() {
    let house = House::new().await;
    let path = format!("{DEPLOYMENTS}?wait=60");
    let (answer, ()) = tokio::join!(house.post(&path, json!({})), house.drive_what_comes());
    assert_eq!((answer.status, &answer.body["ended"]), (202, &json!(true)));
    let deployments = answer.body["deployments"].as_array().unwrap();
    assert_eq!(deployments.len(), 1);
    assert_eq!(deployments[0]["state"], "succeeded");
    assert_eq!(deployments[0]["request"], answer.body["request"]);
    house.push("v1.1.0", 2);
    house.turn().await;
    let path = format!("{ROLLBACK}?wait=60");
    let (answer, ()) = tokio::join!(house.post(&path, json!({})), house.drive_what_comes());
    assert_eq!((answer.status, &answer.body["ended"]), (202, &json!(true)));
    assert_eq!(answer.body["deployments"][0]["tag"], "v1.0.0");
}

#[tokio::test(start_paused = true)]
async fn a_demand_that_takes_longer_is_answered_after_the_time() {
    let house = House::new().await;
    house.deployer.hold_rollouts();
    let began = Instant::now();
    let demand = house
        .post(&format!("{DEPLOYMENTS}?wait=5"), json!({}))
        .await;
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    assert_eq!((demand.status, &demand.body["ended"]), (202, &json!(false)));
    let id = demand.body["deployments"][0]["id"].as_str().unwrap();
    assert_eq!(
        house.get(&format!("/api/v1/deployments/{id}")).await.status,
        200
    );
}

#[tokio::test(start_paused = true)]
async fn a_deployment_is_waited_for() {
    let house = House::new().await;
    let path = format!("/api/v1/deployments/{}", house.rolling().await);
    let began = Instant::now();
    let still = house.get(&format!("{path}?wait=5")).await;
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    assert_eq!(
        (still.status, &still.body["state"]),
        (200, &json!("rolling"))
    );

    let waiting = format!("{path}?wait=20");
    let ends = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let reason = json!({ "reason": "it hangs" });
        house.post(&format!("{path}/abandon"), reason).await
    };
    let began = Instant::now();
    let (ended, abandoned) = tokio::join!(house.get(&waiting), ends);
    assert_eq!(began.elapsed(), Duration::from_secs(3));
    assert_eq!((abandoned.status, &abandoned.body), (200, &ended.body));
    assert_eq!(ended.body["state"], "abandoned");
    let again = house.get(&waiting).await;
    assert_eq!(
        (began.elapsed(), again.body),
        (Duration::from_secs(3), ended.body)
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_a_request_may_take() {
    let house = House::with(Differences {
        limits: Some(registrywatcher_api_rest::ServerInfo {
            request_timeout: Duration::from_secs(10),
            ..LIMITS
        }),
        ..Differences::default()
    })
    .await;
    house.turn().await;
    let path = format!("/api/v1/deployments/{}", house.rolling().await);
    let began = Instant::now();
    let still = house.get(&format!("{path}?wait=60")).await;
    assert_eq!(
        (still.status, &still.body["state"]),
        (200, &json!("rolling"))
    );
    assert_eq!(began.elapsed(), Duration::from_secs(9));
    let too_long = house.get(&format!("{path}?wait=61")).await;
    assert_eq!((too_long.status, too_long.problem()), (400, "invalid"));
    assert_eq!(too_long.body["errors"][0]["name"], "wait");
}

#[tokio::test]
async fn a_deployment_is_abandoned_and_the_watch_held() {
    let house = House::new().await;
    let path = format!("/api/v1/deployments/{}", house.rolling().await);
    let reason = json!({ "reason": " it hangs " });
    let answer = house.post(&format!("{path}/abandon"), reason.clone()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        (&answer.body["state"], &answer.body["reason"]),
        (&json!("abandoned"), &json!("it hangs"))
    );
    let hold = &house.get("/api/v1/watches/web/intent").await.body["hold"];
    assert_eq!(
        (&hold["by"], &hold["past_tag"]),
        (&json!("anonymous"), &json!("v1.1.0"))
    );
    house.deployer.release_rollouts();
    house.turn().await;
    assert_eq!(house.deployed().await, 1, "it is held");
    house.push("v1.2.0", 3);
    house.turn().await;
    house.assert_runs(3);

    let again = house.post(&format!("{path}/abandon"), reason).await;
    assert_eq!((again.status, again.problem()), (409, "already-ended"));
}

#[tokio::test]
async fn what_cannot_be_abandoned_is_refused() {
    let house = House::new().await;
    let path = format!("/api/v1/deployments/{}/abandon", house.rolling().await);
    for body in [json!({}), json!({ "reason": " " }), json!({ "reason": 1 })] {
        let answer = house.post(&path, body.clone()).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (400, "invalid"),
            "{body}"
        );
    }
    let unknown = "/api/v1/deployments/00000000-0000-0000-0000-000000000000/abandon";
    let unknown = house.post(unknown, json!({ "reason": "it hangs" })).await;
    assert_eq!(
        (unknown.status, unknown.problem()),
        (404, "unknown-deployment")
    );
}

#[tokio::test(start_paused = true)]
async fn of_another_watch_a_deployment_is_neither_told_nor_waited_for_nor_abandoned() {
    let house = House::with(Differences {
        tokens: vec![limited("otto", &["website"]), limited("willa", &["web"])],
        ..Differences::default()
    })
    .await;
    house.turn().await;
    let path = format!("/api/v1/deployments/{}", house.rolling().await);
    let began = Instant::now();
    let waited = house
        .call_as("otto", Method::GET, &format!("{path}?wait=20"))
        .await;
    assert_eq!(
        (waited.status, waited.problem()),
        (404, "unknown-deployment")
    );
    assert_eq!(began.elapsed(), Duration::ZERO);
    let abandon = async |name: &str, reason: &str| {
        let call = house.call(Method::POST, &format!("{path}/abandon"));
        let call = call.header("authorization", &format!("Bearer secret of {name}"));
        call.json(&json!({ "reason": reason })).send().await
    };
    for reason in ["it hangs", " "] {
        let answer = abandon("otto", reason).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (404, "unknown-deployment"),
            "{reason:?}"
        );
    }
    assert_eq!(abandon("willa", "it hangs").await.status, 200);
}
