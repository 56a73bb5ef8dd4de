//! Events.

use serde_json::{Value, json};

use super::house::{House, WORKLOAD};

async fn with_history() -> House {
    let house = House::new().await;
    house.push("v1.1.0", 2);
    house.turn().await;
    house
        .patch(
            "/api/v1/watches/web/intent",
            json!({ "auto_deploy": false }),
        )
        .await;
    house
}

fn kinds(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["kind"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn events_are_listed_newest_first() {
    let house = with_history().await;
    let page = house.get("/api/v1/events?watch=web&limit=2").await.body;
    assert_eq!(kinds(&page), ["intent_changed", "deployment_succeeded"]);
    let [changed, succeeded] = page["items"].as_array().unwrap().as_slice() else {
        panic!("two events");
    };
    assert_eq!(changed["by"], "anonymous");
    assert_eq!(changed["severity"], "info");
    assert_eq!(
        changed["message"],
        "anonymous lets it track, auto-deploy off"
    );
    assert_eq!(succeeded["workload"], WORKLOAD);
    assert_eq!(succeeded["tag"], "v1.1.0");
    let next = &page["next"];
    let older = house
        .get(&format!("/api/v1/events?before={next}&limit=200"))
        .await
        .body;
    assert_eq!(kinds(&older).last(), Some(&"watch_added"));
    assert_eq!(older.get("next"), None);
}

#[tokio::test]
async fn events_are_followed_oldest_first() {
    let house = with_history().await;
    let mut seen = Vec::new();
    let mut after = json!(0);
    while !after.is_null() {
        let page = house
            .get(&format!("/api/v1/events?after={after}&limit=2"))
            .await
            .body;
        seen.extend(kinds(&page).iter().map(|&kind| kind.to_owned()));
        after = page["next"].clone();
    }
    let stored = house.store.all_events();
    let stored: Vec<&str> = stored.iter().map(|event| event.kind.name()).collect();
    assert_eq!(seen, stored);
}

#[tokio::test]
async fn both_directions_at_once_are_400() {
    let house = House::new().await;
    let answer = house.get("/api/v1/events?after=1&before=2").await;
    assert_eq!((answer.status, answer.problem()), (400, "invalid"));
    assert_eq!(answer.body["errors"][0]["name"], "after");
}

#[tokio::test]
async fn a_query_that_is_not_understood_is_400() {
    let house = House::new().await;
    for query in ["limit=0", "after=-1", "before=x", "watch=no%20name"] {
        let answer = house.get(&format!("/api/v1/events?{query}")).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (400, "invalid"),
            "{query}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_is_waited_for_where_there_is_none_yet() {
    let house = House::new().await;
    let newest = house.get("/api/v1/events?limit=1").await.body["items"][0]["id"].clone();
    let following = format!("/api/v1/events?after={newest}&wait=20");
    let started = tokio::time::Instant::now();
    let answer = house.get(&following).await;
    assert_eq!(answer.body["items"].as_array().map(Vec::len), Some(0));
    assert_eq!(started.elapsed().as_secs(), 20);

    house.push("v1.1.0", 2);
    let (answer, ()) = tokio::join!(house.get(&following), house.turn());
    assert_eq!(answer.body["items"][0]["watch"], "web");
    assert_eq!(started.elapsed().as_secs(), 20);
}
