//! Why a watch does what it does: its tags, its candidates, its gates; and looking again now.

use std::time::Duration;

use registrywatcher::app::Sharing;
use registrywatcher_conformance::samples;
use registrywatcher_memory::RegistryFault;
use serde_json::{Value, json};

use super::house::{Differences, House, WORKLOAD, repository};

const TAGS: &str = "/api/v1/watches/web/tags";
const DECISION: &str = "/api/v1/watches/web/decision";
const CHECK: &str = "/api/v1/watches/web/check";
const INTENT: &str = "/api/v1/watches/web/intent";

/// The registry has two versions, a pre-release and two tags that are none.
async fn with_tags() -> House {
    let house = House::new().await;
    for (tag, n) in [
        ("v1.1.0", 2),
        ("v2.0.0-rc.1", 3),
        ("latest", 4),
        ("nightly", 5),
    ] {
        house.push(tag, n);
    }
    house.turn().await;
    house
}

fn items(body: &Value) -> &Vec<Value> {
    body["items"].as_array().unwrap()
}

#[tokio::test]
async fn tags_are_told_with_what_the_policy_makes_of_them() {
    let house = with_tags().await;
    let answer = house.get(TAGS).await;
    assert_eq!(answer.status, 200);
    let tags: Vec<&Value> = items(&answer.body)
        .iter()
        .map(|item| &item["tag"])
        .collect();
    assert_eq!(
        tags,
        ["latest", "nightly", "v1.0.0", "v1.1.0", "v2.0.0-rc.1"]
    );
    let (latest, wanted) = (&answer.body["items"][0], &answer.body["items"][3]);
    assert_eq!(
        (&latest["admitted"], &latest["wanted"]),
        (&json!(false), &json!(false))
    );
    let not_a_version = json!({ "name": "not_a_version", "message": "not a version" });
    assert_eq!(latest["rejection"], not_a_version);
    assert_eq!((latest.get("digest"), latest.get("version")), (None, None));
    assert_eq!(
        (&wanted["admitted"], &wanted["wanted"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(wanted["version"], "1.1.0");
    assert_eq!(wanted["digest"], samples::digest(2).as_str());
    assert_eq!(wanted["first_seen"], house.in_seconds(0));
    assert_eq!(answer.body["items"][4]["rejection"]["name"], "prerelease");
}

#[tokio::test]
async fn tags_are_listed_page_by_page() {
    let house = with_tags().await;
    let (mut found, mut path) = (Vec::new(), format!("{TAGS}?limit=2"));
    loop {
        let page = house.get(&path).await.body;
        assert!(items(&page).len() <= 2);
        found.extend(items(&page).iter().map(|item| item["tag"].clone()));
        let Some(next) = page.get("next").and_then(Value::as_str) else {
            break;
        };
        path = format!("{TAGS}?limit=2&after={next}");
    }
    assert_eq!(
        found,
        ["latest", "nightly", "v1.0.0", "v1.1.0", "v2.0.0-rc.1"]
    );
    let malformed = house.get(&format!("{TAGS}?after=-")).await;
    assert_eq!((malformed.status, malformed.problem()), (400, "invalid"));
    assert_eq!(malformed.body["errors"][0]["name"], "after");
    let unknown = house.get("/api/v1/watches/other/tags").await;
    assert_eq!((unknown.status, unknown.problem()), (404, "unknown-watch"));
}

#[tokio::test]
async fn candidates_are_told_best_first_and_why_the_others_are_none() {
    let house = with_tags().await;
    let answer = house.get(DECISION).await;
    assert_eq!(answer.status, 200);
    let body = &answer.body;
    assert_eq!(body["wanted"]["tag"], "v1.1.0");
    let candidates = &body["candidates"];
    assert_eq!(
        (&candidates["admitted"], &candidates["rejected"]),
        (&json!(2), &json!(3))
    );
    let expected = json!([
        { "tag": "v1.1.0", "version": "1.1.0", "wanted": true, "message": "the policy prefers it" },
        { "tag": "v1.0.0", "version": "1.0.0", "wanted": false, "message": "the policy prefers v1.1.0" },
    ]);
    assert_eq!(candidates["items"], expected);
    let rejections = json!([
        { "name": "not_a_version", "message": "not a version", "count": 2, "tags": ["latest", "nightly"] },
        { "name": "prerelease", "message": "a pre-release", "count": 1, "tags": ["v2.0.0-rc.1"] },
    ]);
    assert_eq!(candidates["rejections"], rejections);
    let best = house.get(&format!("{DECISION}?limit=1")).await.body;
    assert_eq!(items(&best["candidates"]).len(), 1);
    assert_eq!(best["candidates"]["admitted"], 2);
    let unknown = house.get("/api/v1/watches/other/decision").await;
    assert_eq!((unknown.status, unknown.problem()), (404, "unknown-watch"));
}

#[tokio::test]
async fn of_a_pinned_watch_the_candidates_say_so() {
    let house = with_tags().await;
    let pin = json!({ "target": "pin", "tag": "v1.0.0" });
    assert_eq!(house.patch(INTENT, pin).await.status, 200);
    let body = house.get(DECISION).await.body;
    let messages: Vec<&Value> = items(&body["candidates"])
        .iter()
        .map(|item| &item["message"])
        .collect();
    assert_eq!(
        messages,
        ["the watch is pinned to v1.0.0", "the watch is pinned to it"]
    );
}

#[tokio::test]
async fn every_gate_is_told_open_or_closed_and_when_it_opens() {
    let house = with_tags().await;
    let until = house.in_seconds(600);
    let freeze = json!({ "until": until, "reason": "the fair" });
    house.put("/api/v1/watches/web/freeze", freeze).await;
    house.push("v1.2.0", 6);
    house.turn().await;
    let frozen = house.get(DECISION).await.body;
    let workload = &frozen["workloads"][0];
    assert_eq!(workload["name"], WORKLOAD);
    assert_eq!(workload["earliest"], until);
    let gates = workload["gates"].as_array().unwrap();
    assert_eq!(gates.len(), 12);
    let closed: Vec<&Value> = gates.iter().filter(|gate| gate["closed"] == true).collect();
    assert_eq!(closed.len(), 1);
    assert_eq!(
        (&closed[0]["name"], &closed[0]["until"]),
        (&json!("frozen"), &json!(until))
    );
    assert!(closed[0]["message"].as_str().unwrap().contains("the fair"));
    let open = json!({ "name": "auto_deploy_off", "closed": false });
    assert!(gates.contains(&open));

    house.patch(INTENT, json!({ "auto_deploy": false })).await;
    let for_ever = house.get(DECISION).await.body["workloads"][0].clone();
    assert_eq!(
        for_ever.get("earliest"),
        None,
        "only one of two opens by itself"
    );
}

#[tokio::test]
async fn before_the_first_poll_there_is_nothing_to_choose_from() {
    let house = House::with(Differences::default()).await;
    let body = house.get(DECISION).await.body;
    assert_eq!(body.get("candidates"), None);
    assert!(body["wanted"]["fault"].is_string());
    assert_eq!(body["workloads"][0]["gates"], json!([]));
    assert_eq!(house.get(TAGS).await.body, json!({ "items": [] }));
}

#[tokio::test]
async fn a_check_asks_the_registry_now_and_deploys_what_is_new() {
    let house = House::new().await;
    house.clock.advance(Duration::from_mins(1));
    house.push("v1.1.0", 2);
    let answer = house.post(CHECK, json!({})).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["wanted"]["tag"], "v1.1.0");
    assert_eq!(answer.body["status"], "deploying");
    assert_eq!(answer.body["tags"], json!(["v1.0.0", "v1.1.0"]));
    house.drive().await;
    house.assert_runs(2);
}

#[tokio::test]
async fn a_check_that_cannot_ask_says_so() {
    let house = House::new().await;
    let unknown = house.post("/api/v1/watches/other/check", json!({})).await;
    assert_eq!((unknown.status, unknown.problem()), (404, "unknown-watch"));
    let retry_after = Duration::from_secs(30);
    house
        .registry
        .set_fault(Some(RegistryFault::RateLimited { retry_after }));
    let answer = house.post(CHECK, json!({})).await;
    assert_eq!(
        (answer.status, answer.problem()),
        (503, "registry-unavailable")
    );
    assert_eq!(answer.header("retry-after"), "30");
}

#[tokio::test]
async fn a_check_of_what_another_replica_attends_to_is_409() {
    let sharing = Sharing {
        lease: Duration::from_secs(15),
        fingerprint: "the configuration".to_owned(),
    };
    let house = House::with(Differences {
        sharing: Some(sharing),
        ..Differences::default()
    })
    .await;
    let answer = house.post(CHECK, json!({})).await;
    assert_eq!(
        (answer.status, answer.problem()),
        (409, "attended-elsewhere")
    );
    house.app.renew_leases().await.unwrap();
    assert_eq!(house.post(CHECK, json!({})).await.status, 200);
    let wanted = house.registry.contents(&repository()).len();
    assert_eq!(items(&house.get(TAGS).await.body).len(), wanted);
}
