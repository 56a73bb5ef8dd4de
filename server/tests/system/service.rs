use std::time::Duration;

use reqwest::{Client, Method, StatusCode};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::child::{Ended, RunningChild};
use crate::wait::eventually;

/// What stands before the address in the log.
const ADDRESS: &str = " at http://";

/// A service that runs, and its API.
pub(crate) struct Service {
    child: RunningChild,
    url: String,
    client: Client,
    token: Option<String>,
}

impl Service {
    /// Waits until `child` says where its API is.
    pub(crate) async fn of(mut child: RunningChild) -> Self {
        let address = eventually("the service tells its address", async || {
            assert!(!child.has_ended(), "the service ended at its start");
            let log = child.stderr();
            let (_, rest) = log.split_once(ADDRESS)?;
            let (address, _) = rest.split_once('\n')?;
            Some(address.trim().replace("0.0.0.0", "127.0.0.1"))
        });
        let url = format!("http://{}", address.await);
        Self {
            child,
            url,
            client: client(),
            token: None,
        }
    }

    /// Presents `token` from now on.
    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// By which the kernel knows it.
    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// All that it logged so far.
    pub(crate) fn log(&self) -> String {
        self.child.stderr() + &self.child.stdout()
    }

    /// Stops it in the middle of whatever it does, as a machine that hangs, until it is resumed.
    pub(crate) fn suspend(&self) {
        self.child.signal(Signal::STOP);
    }

    pub(crate) fn resume(&self) {
        self.child.signal(Signal::CONT);
    }

    /// Ends it as the kernel would, with no chance to do anything.
    pub(crate) async fn kill(self) {
        self.child.signal(Signal::KILL);
        self.child.ended().await;
    }

    /// Asks it to end.
    pub(crate) async fn stop(self) -> Ended {
        self.child.signal(Signal::TERM);
        self.child.ended().await
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        (status, body)
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.call(Method::POST, path, Some(body)).await
    }

    /// What a GET answers that must succeed.
    pub(crate) async fn read(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    /// Pins, tracks, or switches auto-deploy, by the Go service's route.
    pub(crate) async fn change_tag(&self, watch: &str, change: Value) {
        let (status, body) = self.post(&format!("/tags/{watch}"), change).await;
        assert_eq!(status, StatusCode::OK, "{body}");
    }

    pub(crate) async fn reset(&self, watch: &str) {
        let (status, body) = self.post(&format!("/tags/{watch}/reset"), json!({})).await;
        assert_eq!(status, StatusCode::OK, "{body}");
    }

    pub(crate) async fn watch(&self, watch: &str) -> Value {
        self.read(&format!("/api/v1/watches/{watch}")).await
    }

    /// The deployments of a watch, oldest first.
    pub(crate) async fn deployments(&self, watch: &str) -> Vec<Value> {
        let path = format!("/api/v1/deployments?watch={watch}&limit=100");
        oldest_first(&self.read(&path).await)
    }

    /// The events of a watch, oldest first.
    pub(crate) async fn events(&self, watch: &str) -> Vec<Value> {
        let path = format!("/api/v1/events?watch={watch}&limit=100");
        oldest_first(&self.read(&path).await)
    }

    /// How many events of a kind a watch has.
    pub(crate) async fn count_events(&self, watch: &str, kind: &str) -> usize {
        let events = self.events(watch).await;
        events.iter().filter(|event| event["kind"] == kind).count()
    }

    /// Waits until it is ready: every watch was polled.
    pub(crate) async fn ready(&self) {
        eventually("the service is ready", async || {
            (self.get("/readyz").await.0 == StatusCode::OK).then_some(())
        })
        .await;
    }

    /// Waits until a tracked watch was polled after now, and all that follows from that poll is decided.
    pub(crate) async fn next_poll(&self, watch: &str) {
        // The poll that lists next may have begun before now; when the third lists, the second has been decided on.
        let mut listed = self.listed_at(watch).await;
        for _ in 0..3 {
            listed = eventually("the next poll", async || {
                let at = self.listed_at(watch).await;
                (at != listed).then_some(at)
            })
            .await;
        }
    }

    pub(crate) async fn listed_at(&self, watch: &str) -> Value {
        self.watch(watch).await["listing"]["at"].clone()
    }

    /// Waits for a decision on the first workload of a watch: its outcome, or the name of a reason for holding.
    pub(crate) async fn decides(&self, watch: &str, expected: &str) -> Value {
        eventually(&format!("{watch} is {expected}"), async || {
            let seen = self.watch(watch).await;
            let decision = &seen["workloads"][0]["decision"];
            let reasons = decision["reasons"].as_array();
            let is_reason = reasons
                .into_iter()
                .flatten()
                .any(|reason| reason["name"] == expected);
            (decision["outcome"] == expected || is_reason).then_some(seen)
        })
        .await
    }

    /// Waits until the newest deployment of a watch is in `state`, and gives it.
    pub(crate) async fn newest_deployment(&self, watch: &str, tag: &str, state: &str) -> Value {
        eventually(
            &format!("the deployment of {watch} to {tag} is {state}"),
            async || {
                let newest = self.deployments(watch).await.pop()?;
                (newest["tag"] == tag && newest["state"] == state).then_some(newest)
            },
        )
        .await
    }
}

/// A client of its own, which knows of no proxy.
pub(crate) fn client() -> Client {
    // The second call of a process finds the provider installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(20));
    client.build().unwrap()
}

fn oldest_first(page: &Value) -> Vec<Value> {
    let items = page["items"].as_array();
    items
        .expect("a page has items")
        .iter()
        .rev()
        .cloned()
        .collect()
}
