//! Tokens that come and go, that are for some watches only, and that are guessed.

use std::time::Duration;

use poem::http::Method;
use registrywatcher::token::{Reach, Role, Token};
use serde_json::{Value, json};

use super::house::{Differences, House};
use super::roles::token;

/// Whose token is for the only watch of the house, and whose for another one that does not exist.
const AT_HOME: &str = "willa";
const ELSEWHERE: &str = "otto";

pub(crate) fn limited(name: &str, watches: &[&str]) -> Token {
    let watches = watches.iter().map(|text| text.parse().unwrap());
    Token {
        reach: Reach::Only(watches.collect()),
        ..token(name, Role::Admin)
    }
}

async fn house() -> House {
    let differences = Differences {
        tokens: vec![
            limited(AT_HOME, &["other", "w*"]),
            limited(ELSEWHERE, &["other", "website"]),
            token("ada", Role::Admin),
        ],
        ..Differences::default()
    };
    let house = House::with(differences).await;
    house.turn().await;
    house.push("v1.1.0", 2);
    house.turn().await;
    house
}

#[tokio::test]
async fn lists_leave_out_what_a_token_is_not_for() {
    let house = house().await;
    for path in [
        "/api/v1/watches",
        "/api/v1/deployments",
        "/api/v1/deployments?watch=web",
        "/api/v1/events",
        "/api/v1/events?after=0",
        "/api/v1/events?watch=web",
    ] {
        let seen = async |name| {
            let answer = house.call_as(name, Method::GET, path).await;
            assert_eq!(answer.status, 200, "{name} {path}: {answer:?}");
            answer.body["items"].as_array().unwrap().clone()
        };
        let everything = seen("ada").await;
        assert!(!everything.is_empty(), "{path}");
        assert_eq!(seen(AT_HOME).await, everything, "{path}");
        assert_eq!(seen(ELSEWHERE).await, [] as [Value; 0], "{path}");
    }
    for path in ["/repos", "/debug/caches"] {
        let at_home = house.call_as(AT_HOME, Method::GET, path).await;
        assert!(at_home.body["web"].is_object(), "{path}");
        let elsewhere = house.call_as(ELSEWHERE, Method::GET, path).await;
        assert_eq!(elsewhere.body, json!({}), "{path}");
    }
}

#[tokio::test]
async fn what_concerns_all_watches_is_seen_by_every_token_and_changed_by_none_that_is_limited() {
    let house = house().await;
    let freeze = json!({ "until": house.in_seconds(60), "reason": "the fair" });
    let put_as = async |name: &str, path: &str| {
        let call = house
            .call(Method::PUT, path)
            .header("authorization", &format!("Bearer secret of {name}"));
        call.json(&freeze).send().await
    };
    let refused = put_as(AT_HOME, "/api/v1/freeze").await;
    assert_eq!((refused.status, refused.problem()), (403, "forbidden"));
    assert_eq!(
        refused.body["detail"],
        "the token of `willa` is for some watches, and this concerns all"
    );
    assert_eq!(
        put_as(AT_HOME, "/api/v1/watches/web/freeze").await.status,
        200
    );
    assert_eq!(put_as("ada", "/api/v1/freeze").await.status, 200);
    for name in [AT_HOME, ELSEWHERE] {
        let read = house.call_as(name, Method::GET, "/api/v1/freeze").await;
        assert_eq!(read.body["freeze"]["reason"], "the fair", "{name}");
        let events = house.call_as(name, Method::GET, "/api/v1/events").await;
        assert_eq!(events.body["items"][0]["kind"], "frozen", "{name}");
    }
}

#[tokio::test]
async fn a_deployment_of_another_watch_is_none() {
    let house = house().await;
    let list = house
        .call_as("ada", Method::GET, "/api/v1/deployments")
        .await;
    let id = list.body["items"][0]["id"].as_str().unwrap();
    let path = format!("/api/v1/deployments/{id}");
    assert_eq!(house.call_as(AT_HOME, Method::GET, &path).await.status, 200);
    let answer = house.call_as(ELSEWHERE, Method::GET, &path).await;
    assert_eq!(
        (answer.status, answer.problem()),
        (404, "unknown-deployment")
    );
}

#[tokio::test]
async fn tokens_come_and_go_while_the_service_runs() {
    let house = House::new().await;
    let status = async |name: &str| house.call_as(name, Method::GET, "/repos").await.status;
    assert_eq!(status("").await, 200, "it is open");
    house.access.update(vec![token("ci", Role::Viewer)]);
    assert_eq!((status("").await, status("ci").await), (401, 200));
    house.access.update(Vec::new());
    assert_eq!((status("").await, status("ci").await), (401, 401));
}

#[tokio::test]
async fn guessing_ends_after_ten_failed_logins_a_minute() {
    let house = house().await;
    assert_eq!(
        house.call_as(AT_HOME, Method::GET, "/repos").await.status,
        200
    );
    for _ in 0..10 {
        let answer = house.call_as("nobody", Method::GET, "/repos").await;
        assert_eq!(answer.status, 401);
    }
    house.clock.advance(Duration::from_millis(1500));
    let refused = house
        .call_as("nobody", Method::GET, "/api/v1/watches")
        .await;
    assert_eq!(
        (refused.status, refused.problem()),
        (429, "too-many-failed-logins")
    );
    assert_eq!(refused.header("retry-after"), "59");
    let in_the_go_dialect = house.call_as("nobody", Method::GET, "/repos").await;
    assert_eq!(in_the_go_dialect.status, 429);
    assert!(in_the_go_dialect.message().contains("too many logins"));

    let status = async |name: &str| house.call_as(name, Method::GET, "/repos").await.status;
    assert_eq!(status("ada").await, 429, "it might be a lucky guess");
    assert_eq!(status(AT_HOME).await, 200, "it worked from there before");
    assert_eq!(house.get("/healthz").await.status, 200);
    house.clock.advance(Duration::from_secs(59));
    assert_eq!((status("nobody").await, status("ada").await), (401, 200));
}
