//! Following events as they happen.

use std::time::{Duration, Instant};

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::databases::{Database, on_both_databases};
use crate::service::{Service, client};
use crate::site::Site;
use crate::wait::{PATIENCE, eventually};

on_both_databases!(a_client_that_comes_back_misses_nothing_and_sees_nothing_twice,);

const STREAM: &str = "/api/v1/events/stream";

/// Less than the grace for requests that run at a shutdown.
const PROMPT: Duration = Duration::from_secs(5);

/// A client that follows events, and remembers the last one it saw.
struct Follower {
    response: Response,
    text: String,
    seen: Vec<u64>,
}

impl Follower {
    async fn open(service: &Service, token: &str, last: Option<u64>) -> Self {
        let mut request = client()
            .get(format!("{}{STREAM}", service.url()))
            .timeout(Duration::from_mins(3))
            .bearer_auth(token);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Self {
            response,
            text: String::new(),
            seen: Vec::new(),
        }
    }

    /// The next event; nothing at the end of the stream.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let data = block.lines().find_map(|line| line.strip_prefix("data: "));
                let event = data.map(|data| serde_json::from_str::<Value>(data).unwrap());
                self.text = rest.to_owned();
                let Some(event) = event else { continue };
                self.seen.push(event["id"].as_u64().unwrap());
                return Some(event);
            }
            let chunk = self.response.chunk().await.ok()??;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// Reads on until an event of this kind comes.
    async fn until(&mut self, kind: &str) {
        let reading =
            async { while self.next().await.expect("the stream goes on")["kind"] != kind {} };
        timeout(PATIENCE, reading).await.expect(kind);
    }
}

/// A token of the store, which a running service gets to know.
async fn new_token(site: &Site, name: &str) -> String {
    let new = ["token", "new", "--name", name, "--role", "admin"];
    let made = site.program.run(&new).await;
    assert_eq!(made.code, Some(0), "{made:?}");
    made.stdout.trim().to_owned()
}

async fn a_client_that_comes_back_misses_nothing_and_sees_nothing_twice(database: Database) {
    let site = Site::open(database).await;
    site.program.run(&["migrate"]).await;
    let token = new_token(&site, "follower").await;
    let service = site.program.serve().await.with_token(&token);
    service.decides("web", "up_to_date").await;

    let mut follower = Follower::open(&service, &token, Some(0)).await;
    site.publish("v1.1.0");
    follower.until("deployment_started").await;
    let mut seen = follower.seen.clone();
    drop(follower);
    service
        .newest_deployment("web", "v1.1.0", "succeeded")
        .await;
    let mut follower = Follower::open(&service, &token, seen.last().copied()).await;
    follower.until("deployment_succeeded").await;

    // Not even a service that stops in between.
    let asked = Instant::now();
    let ended = service.stop().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(asked.elapsed() < PROMPT, "{:?}", asked.elapsed());
    while follower.next().await.is_some() {}
    seen.extend(&follower.seen);
    let service = site.program.serve().await.with_token(&token);
    let change = json!({ "auto_deploy": false });
    service.change_tag("web", change).await;
    let mut follower = Follower::open(&service, &token, seen.last().copied()).await;
    follower.until("intent_changed").await;
    seen.extend(&follower.seen);

    let all = service.read("/api/v1/events?after=0&limit=200").await;
    let all = all["items"].as_array().unwrap();
    let all: Vec<u64> = all
        .iter()
        .map(|event| event["id"].as_u64().unwrap())
        .collect();
    assert_eq!(seen, all[..seen.len()]);
    assert!(seen.len() > 5, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_ends_its_stream() {
    let site = Site::open(Database::sqlite()).await;
    site.program.run(&["migrate"]).await;
    let (token, other) = (
        new_token(&site, "gone").await,
        new_token(&site, "other").await,
    );
    let service = site.program.serve().await.with_token(&other);
    service.ready().await;
    let mut follower = Follower::open(&service, &token, None).await;
    let mut kept = Follower::open(&service, &other, None).await;
    service
        .change_tag("web", json!({ "auto_deploy": false }))
        .await;
    follower.until("intent_changed").await;
    site.program.run(&["token", "revoke", "gone"]).await;
    let ends = async { while follower.next().await.is_some() {} };
    let limit = Duration::from_secs(75);
    timeout(limit, ends).await.expect("the stream ends");
    kept.until("intent_changed").await;
    eventually("the end is logged", async || {
        service.log().contains("its stream ends").then_some(())
    })
    .await;
}
