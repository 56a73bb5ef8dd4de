//! Who did it.

use registrywatcher::token::Role;
use serde_json::{Value, json};

use super::examples::LivedIn;
use super::roles::token;

/// What leaves no event although it is no mere reading: it only looks sooner than would be looked anyway.
const LOOKS: [&str; 1] = ["checkWatch"];

#[tokio::test]
async fn every_change_leaves_an_event_with_the_name_of_the_token() {
    let tokens = vec![token("ada", Role::Admin), token("eva", Role::Admin)];
    let count = LivedIn::with(tokens.clone()).await.examples().len();
    let mut walked = 0;
    for index in 0..count {
        // Each in a house of its own, for some changes get in the way of others.
        let lived_in = LivedIn::with(tokens.clone()).await;
        let example = &lived_in.examples()[index];
        if example.is_safe() {
            continue;
        }
        if ["endFreeze", "endFreezeOfWatch"].contains(&example.id) {
            freeze(&lived_in).await;
        }
        let answer = lived_in.call(example, "ada").send().await;
        assert!(answer.status < 300, "{}: {answer:?}", example.id);
        let by_ada = events(&lived_in)
            .await
            .iter()
            .any(|event| event["by"] == "ada");
        assert_eq!(by_ada, !LOOKS.contains(&example.id), "{}", example.id);
        walked += 1;
    }
    assert!(walked > 10, "{walked}");
}

/// Somebody else freezes the watch, and all of them.
async fn freeze(lived_in: &LivedIn) {
    for path in ["/api/v1/freeze", "/api/v1/watches/web/freeze"] {
        let freeze = json!({ "until": lived_in.house.in_seconds(60), "reason": "the fair" });
        let call = lived_in.house.call(poem::http::Method::PUT, path);
        let call = call.header("authorization", "Bearer secret of eva");
        assert_eq!(call.json(&freeze).send().await.status, 200);
    }
}

async fn events(lived_in: &LivedIn) -> Vec<Value> {
    let path = "/api/v1/events?limit=200";
    let listed = lived_in
        .house
        .call_as("eva", poem::http::Method::GET, path)
        .await;
    listed.body["items"].as_array().unwrap().clone()
}
