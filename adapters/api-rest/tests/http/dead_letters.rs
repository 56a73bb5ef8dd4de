//! Events that a sink could not be told.

use std::time::Duration;

use registrywatcher::app::Delivered;
use registrywatcher::ports::{DeadLetter, Store};
use registrywatcher_conformance::samples;
use serde_json::{Value, json};

use super::house::{House, SINK};

const FIRST: &str = "/api/v1/dead-letters/chat/2/replay";

/// The one sink refused what happened since the start, events 2 and 3: the workload was adopted and the intent changed.
async fn with_dead_letters() -> House {
    let house = House::new().await;
    let change = json!({ "auto_deploy": false });
    house.patch("/api/v1/watches/web/intent", change).await;
    house.sink.refuse();
    assert_eq!(house.app.deliver(SINK).await, Delivered::All);
    house
}

fn events(page: &Value) -> Vec<u64> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item["event"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn dead_letters_are_listed_oldest_event_first_page_by_page() {
    let house = with_dead_letters().await;
    let all = house.get("/api/v1/dead-letters").await.body;
    assert_eq!(events(&all), [2, 3]);
    assert_eq!(all.get("next"), None);
    let first = json!({
        "sink": SINK,
        "event": 2,
        "at": house.in_seconds(0),
        "attempts": 1,
        "fault": "the sink refused the event: it was told to refuse",
    });
    assert_eq!(all["items"][0], first);
    let page = house.get("/api/v1/dead-letters?limit=1").await.body;
    assert_eq!(page, json!({ "items": [first], "next": 2 }));
    let page = house.get("/api/v1/dead-letters?limit=1&after=2").await.body;
    assert_eq!((events(&page), page.get("next")), (vec![3], None));
    let other = house.get("/api/v1/dead-letters?sink=other").await.body;
    assert_eq!(other, json!({ "items": [] }));
}

#[tokio::test]
async fn a_page_ends_between_two_events() {
    let house = House::new().await;
    for event in [1, 2] {
        for sink in ["chat", "mail", "pager"] {
            let letter = DeadLetter {
                sink: sink.to_owned(),
                event,
                at: samples::at(0),
                attempts: 1,
                problem: "no".to_owned(),
            };
            house.store.bury(&letter).await.unwrap();
        }
    }
    let first = house.get("/api/v1/dead-letters?limit=2").await.body;
    assert_eq!(events(&first), [1, 1, 1]);
    assert_eq!(first["next"], 1);
    let second = house.get("/api/v1/dead-letters?limit=2&after=1").await.body;
    assert_eq!(events(&second), [2, 2, 2]);
    assert_eq!(second.get("next"), None);
}

#[tokio::test]
async fn what_is_replayed_arrives_and_is_no_dead_letter_any_more() {
    let house = with_dead_letters().await;
    house.sink.recover();
    let answer = house.post(FIRST, json!({})).await;
    assert_eq!(answer.status, 204);
    assert_eq!(house.sink.delivered(), house.store.all_events()[1..2]);
    let left = house.get("/api/v1/dead-letters").await.body;
    assert_eq!(events(&left), [3]);
}

#[tokio::test]
async fn what_the_sink_does_not_take_stays_and_is_told_in_its_words() {
    let house = with_dead_letters().await;
    let refused = house.post(FIRST, json!({})).await;
    assert_eq!((refused.status, refused.problem()), (502, "sink-refused"));
    let words = "the sink refused the event: it was told to refuse";
    assert_eq!(refused.body["detail"], words);
    house.sink.break_down(Some(Duration::from_secs(30)));
    let down = house.post(FIRST, json!({})).await;
    assert_eq!((down.status, down.problem()), (503, "sink-unavailable"));
    assert_eq!(
        down.body["detail"],
        "the sink is unavailable: it was told to be down"
    );
    assert_eq!(down.header("retry-after"), "30");
    assert_eq!(house.store.all_dead_letters().len(), 2);
}

#[tokio::test]
async fn an_unknown_sink_or_dead_letter_is_404() {
    let house = with_dead_letters().await;
    for (letter, problem) in [
        ("mail/1", "unknown-sink"),
        ("chat/7", "unknown-dead-letter"),
    ] {
        let path = format!("/api/v1/dead-letters/{letter}/replay");
        let answer = house.post(&path, json!({})).await;
        assert_eq!((answer.status, answer.problem()), (404, problem));
    }
}

#[tokio::test]
async fn a_query_that_is_not_understood_is_400() {
    let house = House::new().await;
    for query in ["limit=0", "limit=201", "after=-1"] {
        let answer = house.get(&format!("/api/v1/dead-letters?{query}")).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (400, "invalid"),
            "{query}"
        );
    }
}
