//! Following events.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use poem::http::Method;
use poem::{Response, http::HeaderMap};
use registrywatcher::event::{EventKind, NewEvent};
use registrywatcher::intent::Author;
use registrywatcher::ports::{Clock, Step, Store};
use registrywatcher::token::{Reach, Role, Token};
use registrywatcher_memory::MemoryStore;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::house::{Differences, House, LIMITS};
use super::mishaps::{Mishap, UnluckyStore};
use super::roles::token;

const STREAM: &str = "/api/v1/events/stream";

/// What a client gets to see of a stream.
struct Stream {
    headers: HeaderMap,
    body: BoxStream<'static, String>,
    rest: String,
}

/// An event, by the names of its lines; comments have the empty one.
type Block = BTreeMap<String, String>;

impl Stream {
    fn of(response: Response) -> Self {
        assert_eq!(response.status(), 200);
        let headers = response.headers().clone();
        let body = response.into_body().into_bytes_stream();
        let text = body.map(|bytes| String::from_utf8(bytes.unwrap().to_vec()).unwrap());
        Self {
            headers,
            body: text.boxed(),
            rest: String::new(),
        }
    }

    /// What comes next, if anything does before the end.
    async fn block(&mut self) -> Option<Block> {
        loop {
            if let Some((block, rest)) = self.rest.split_once("\n\n") {
                let lines = block.lines().map(|line| line.split_once(':').unwrap());
                let lines = lines.map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
                let block = lines.collect();
                self.rest = rest.to_owned();
                return Some(block);
            }
            let text = self.body.next().await?;
            self.rest.push_str(&text);
        }
    }

    /// The next event, as `kind` and what is told of it, unless the stream ends first.
    async fn event(&mut self) -> Option<(String, Value)> {
        loop {
            let block = self.block().await?;
            let Some(data) = block.get("data") else {
                continue;
            };
            let event: Value = serde_json::from_str(data).unwrap();
            assert_eq!(block["id"], event["id"].to_string());
            assert_eq!(block["event"], event["kind"]);
            return Some((block["event"].clone(), event));
        }
    }

    async fn kinds(&mut self, count: usize) -> Vec<String> {
        let mut kinds = Vec::new();
        for _ in 0..count {
            kinds.push(self.event().await.unwrap().0);
        }
        kinds
    }

    /// Whether nothing but comments comes for a while.
    async fn is_silent(&mut self) -> bool {
        timeout(Duration::from_secs(10), self.event())
            .await
            .is_err()
    }

    /// How long it goes on, if nothing happens.
    async fn ends_after(&mut self) -> Duration {
        let start = Instant::now();
        while self.block().await.is_some() {}
        start.elapsed()
    }
}

impl House {
    async fn follow(&self, path: &str) -> Stream {
        Stream::of(self.call(Method::GET, path).respond().await)
    }

    async fn follow_as(&self, name: &str, path: &str) -> Stream {
        let call = self
            .call(Method::GET, path)
            .header("authorization", &format!("Bearer secret of {name}"));
        Stream::of(call.respond().await)
    }

    async fn freeze(&self) {
        let call = self
            .call(Method::PUT, "/api/v1/freeze")
            .header("authorization", "Bearer secret of ada");
        let freeze = json!({ "until": self.in_seconds(60), "reason": "the fair" });
        assert_eq!(call.json(&freeze).send().await.status, 200);
    }

    /// Somebody else stores an event that concerns no watch.
    async fn tell_of_a_token(&self) {
        let step = Step {
            events: vec![NewEvent {
                at: self.clock.now(),
                kind: EventKind::TokenCreated {
                    name: "ci".parse().unwrap(),
                    role: Role::Viewer,
                    by: Author::new("ops"),
                },
            }],
            ..Step::default()
        };
        self.store.commit(step).await.unwrap();
    }
}

fn of_watch(name: &str) -> Token {
    Token {
        reach: Reach::Only([name.parse().unwrap()].into()),
        ..token("willa", Role::Viewer)
    }
}

#[tokio::test(start_paused = true)]
async fn what_happens_is_told_as_it_happens() {
    let house = House::new().await;
    let mut stream = house.follow(STREAM).await;
    assert_eq!(stream.headers["content-type"], "text/event-stream");
    assert_eq!(stream.headers["cache-control"], "no-store");
    assert_eq!(stream.headers["x-accel-buffering"], "no");
    assert_eq!(stream.block().await.unwrap()["retry"], "3000");
    assert!(stream.is_silent().await);
    house.push("v1.1.0", 2);
    house.turn().await;
    let (kind, created) = stream.event().await.unwrap();
    assert_eq!(
        (kind.as_str(), &created["tag"]),
        ("deployment_created", &json!("v1.1.0"))
    );
    let (_, started) = stream.event().await.unwrap();
    let page = format!("/api/v1/events?after={}", created["id"]);
    let listed = house.get(&page).await.body["items"][0].clone();
    assert_eq!(listed, started);
}

#[tokio::test(start_paused = true)]
async fn history_is_told_before_what_is_new_and_nothing_twice() {
    let house = House::new().await;
    house.push("v1.1.0", 2);
    house.turn().await;
    let before = house.store.all_events();
    let mut stream = house.follow(&format!("{STREAM}?after=0")).await;
    let told = stream.kinds(before.len()).await;
    let stored: Vec<&str> = before.iter().map(|event| event.kind.name()).collect();
    assert_eq!(told, stored);
    assert!(stream.is_silent().await);
    house.freeze().await;
    assert_eq!(stream.kinds(1).await, ["frozen"]);
    drop(stream);
    let last = before.last().unwrap().id;
    let again = house
        .call(Method::GET, &format!("{STREAM}?after=0"))
        .header("last-event-id", &last.to_string());
    let mut again = Stream::of(again.respond().await);
    assert_eq!(again.kinds(1).await, ["frozen"]);
    assert!(again.is_silent().await);
}

#[tokio::test(start_paused = true)]
async fn a_long_history_is_told_to_its_end() {
    let house = House::new().await;
    for n in 0..150 {
        let on = n % 2 == 1;
        house
            .patch("/api/v1/watches/web/intent", json!({ "auto_deploy": on }))
            .await;
    }
    let stored = house.store.all_events();
    assert!(stored.len() > 150, "{}", stored.len());
    let mut stream = house.follow(&format!("{STREAM}?after=0")).await;
    for event in stored {
        assert_eq!(stream.event().await.unwrap().1["id"], event.id);
    }
    assert!(stream.is_silent().await);
}

#[tokio::test(start_paused = true)]
async fn of_one_watch_nothing_else_is_told() {
    let house = House::new().await;
    let mut stream = house.follow(&format!("{STREAM}?watch=web")).await;
    house.freeze().await;
    house.push("v1.1.0", 2);
    house.call(Method::DELETE, "/api/v1/freeze").send().await;
    house.turn().await;
    assert_eq!(stream.kinds(1).await, ["deployment_created"]);
}

#[tokio::test(start_paused = true)]
async fn a_limited_token_sees_its_watches_and_the_freeze_of_all() {
    for (watch, sees) in [("web", true), ("website", false)] {
        let differences = Differences {
            tokens: vec![of_watch(watch), token("ada", Role::Admin)],
            ..Differences::default()
        };
        let house = House::with(differences).await;
        house.turn().await;
        house.tell_of_a_token().await;
        house.freeze().await;
        let mut all = house.follow_as("ada", &format!("{STREAM}?after=0")).await;
        let mut told = all.kinds(house.store.all_events().len()).await;
        assert_eq!(told.split_off(told.len() - 2), ["token_created", "frozen"]);
        if !sees {
            told.clear();
        }
        told.push("frozen".to_owned());

        let mut limited = house.follow_as("willa", &format!("{STREAM}?after=0")).await;
        assert_eq!(limited.kinds(told.len()).await, told);
        assert!(limited.is_silent().await);
        let page = house
            .call_as("willa", Method::GET, "/api/v1/events?after=0")
            .await;
        let page = page.body["items"].as_array().unwrap().iter();
        let kinds: Vec<_> = page.map(|event| event["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, told);
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_does_not_exist_or_is_not_for_the_token_is_404() {
    let differences = Differences {
        tokens: vec![of_watch("website"), token("ada", Role::Admin)],
        ..Differences::default()
    };
    let house = House::with(differences).await;
    for (name, watch) in [("ada", "nothing"), ("ada", "no%20name"), ("willa", "web")] {
        let path = format!("{STREAM}?watch={watch}");
        let answer = house.call_as(name, Method::GET, &path).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (404, "unknown-watch"),
            "{watch}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_is_no_number_is_400() {
    let house = House::new().await;
    let answer = house.get(&format!("{STREAM}?after=x")).await;
    assert_eq!((answer.status, answer.problem()), (400, "invalid"));
    let call = house
        .call(Method::GET, STREAM)
        .header("last-event-id", "-1");
    let answer = call.send().await;
    assert_eq!((answer.status, answer.problem()), (400, "invalid"));
    assert_eq!(answer.body["errors"][0]["name"], "Last-Event-ID");
}

#[tokio::test(start_paused = true)]
async fn silence_is_filled_with_comments_and_outlasts_the_time_that_requests_have() {
    let house = House::new().await;
    let mut stream = house.follow(STREAM).await;
    stream.block().await;
    let start = Instant::now();
    for n in 1..=20 {
        assert!(stream.block().await.unwrap().contains_key(""));
        assert_eq!(start.elapsed().as_secs(), n * 15);
    }
    assert!(start.elapsed() > LIMITS.request_timeout * 9);
}

#[tokio::test(start_paused = true)]
async fn a_revoked_token_ends_its_stream_within_a_minute() {
    let house = House::new().await;
    house
        .access
        .update(vec![token("ada", Role::Admin), token("vera", Role::Viewer)]);
    let mut stream = house.follow_as("vera", STREAM).await;
    assert!(stream.is_silent().await);
    house.access.update(vec![token("ada", Role::Admin)]);
    assert!(stream.ends_after().await <= Duration::from_mins(1));
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_ends_its_stream_within_a_minute() {
    let house = House::new().await;
    let expiring = Token {
        expires_at: Some(house.clock.now() + Duration::from_secs(90)),
        ..token("vera", Role::Viewer)
    };
    house.access.update(vec![expiring]);
    let mut stream = house.follow_as("vera", STREAM).await;
    assert!(stream.is_silent().await);
    house.clock.advance(Duration::from_secs(90));
    assert!(stream.ends_after().await <= Duration::from_mins(1));
}

#[tokio::test(start_paused = true)]
async fn the_first_token_ends_the_streams_of_those_who_had_none() {
    let house = House::new().await;
    let mut stream = house.follow(STREAM).await;
    house.access.update(vec![token("ada", Role::Admin)]);
    assert!(stream.ends_after().await <= Duration::from_mins(1));
}

#[tokio::test(start_paused = true)]
async fn only_so_many_streams_are_open_at_the_same_time() {
    let house = House::new().await;
    let _first = house.follow(STREAM).await;
    let second = house.follow(STREAM).await;
    let refused = house.get(STREAM).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (503, "too-many-streams")
    );
    assert_eq!(refused.header("retry-after"), "15");
    drop(second);
    // The task behind the stream sees that nobody listens any more.
    tokio::time::sleep(Duration::from_millis(1)).await;
    house.follow(STREAM).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_loses_its_place() {
    let house = House::new().await;
    house.push("v1.1.0", 2);
    house.turn().await;
    let path = format!("{STREAM}?after=0");
    let (mut first, _second) = (house.follow(&path).await, house.follow(&path).await);
    assert_eq!(house.get(STREAM).await.status, 503);
    let told = house.store.all_events().len();
    tokio::time::sleep(Duration::from_mins(2)).await;
    house.follow(STREAM).await;
    let mut seen = 0;
    while first.event().await.is_some() {
        seen += 1;
    }
    assert!(seen < told, "{seen} of {told} were held for it");
}

#[tokio::test(start_paused = true)]
async fn the_service_stops_although_somebody_listens() {
    let house = House::new().await;
    let mut stream = house.follow(STREAM).await;
    assert!(stream.is_silent().await);
    house.app.stop_waiting();
    assert_eq!(stream.ends_after().await, Duration::ZERO);
    let mut late = house.follow(STREAM).await;
    assert_eq!(late.ends_after().await, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_history_that_cannot_be_read_in_time_is_no_stream() {
    let store = UnluckyStore(MemoryStore::new(), Mishap::Hangs);
    let differences = Differences {
        store: Some(Arc::new(store)),
        ..Differences::default()
    };
    let house = House::with(differences).await;
    let answer = house.get(STREAM).await;
    assert_eq!((answer.status, answer.problem()), (503, "timed-out"));
}
