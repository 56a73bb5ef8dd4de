//! Jobs, from their registration to the end of their deployment.

mod agent;
mod blocking;
mod canaries;
mod failing;
mod faults;
mod listing;
mod operator;
mod planning;
mod registering;
mod rolling_out;

use registrywatcher_simulator::SimulatedNomad;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::client;

const OLD: &str = "registry.test/team/web@sha256:01d";
const NEW: &str = "registry.test/team/web@sha256:4e3";

/// What the API answered.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    index: u64,
    text: String,
}

impl Answer {
    #[track_caller]
    fn json(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        serde_json::from_str(&self.text).unwrap()
    }

    #[track_caller]
    fn refuses(&self, status: u16, text: &str) {
        assert_eq!((self.status.as_u16(), self.text.as_str()), (status, text));
    }
}

async fn call(nomad: &SimulatedNomad, method: Method, path: &str, body: Option<Value>) -> Answer {
    let mut request = client().request(method, format!("{}{path}", nomad.url()));
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    let index = response.headers().get("X-Nomad-Index");
    let index = index.map_or(0, |index| index.to_str().unwrap().parse().unwrap());
    Answer {
        status: response.status(),
        index,
        text: response.text().await.unwrap(),
    }
}

async fn get(nomad: &SimulatedNomad, path: &str) -> Answer {
    call(nomad, Method::GET, path, None).await
}

async fn post(nomad: &SimulatedNomad, path: &str, body: Value) -> Answer {
    call(nomad, Method::POST, path, Some(body)).await
}

/// A cluster whose job `web` runs [`OLD`].
async fn running_web() -> SimulatedNomad {
    running_web_with(|_| {}).await
}

async fn running_web_with(change: impl FnOnce(&mut Value)) -> SimulatedNomad {
    let nomad = SimulatedNomad::start().await.unwrap();
    nomad.service_job_with("web", "app", "server", "docker", OLD, change);
    nomad
}

fn set_image(job: &mut Value, image: &str) {
    job["TaskGroups"][0]["Tasks"][0]["Config"]["image"] = image.into();
}

/// Registers `web` with another image, as a careful client does, and returns the answer.
async fn deploy(nomad: &SimulatedNomad, image: &str) -> Value {
    let mut job = get(nomad, "/v1/job/web").await.json();
    let index = job["JobModifyIndex"].clone();
    set_image(&mut job, image);
    let body = json!({
        "Job": job, "EnforceIndex": true, "JobModifyIndex": index, "PreserveCounts": true,
    });
    post(nomad, "/v1/jobs", body).await.json()
}

/// Blocks on `path` until what it answers is `enough`.
async fn until(nomad: &SimulatedNomad, path: &str, enough: impl Fn(&Value) -> bool) -> Value {
    let mut index = 0;
    for _ in 0..100 {
        let answer = get(nomad, &format!("{path}?index={index}&wait=2s")).await;
        let value = answer.json();
        if enough(&value) {
            return value;
        }
        index = answer.index;
    }
    panic!("{path} never became what was waited for");
}

/// The newest deployment of `web` once it has ended, for the job version it must have.
async fn ended_deployment(nomad: &SimulatedNomad, version: u64) -> Value {
    until(nomad, "/v1/job/web/deployment", |deployment| {
        let ended = ["successful", "failed", "cancelled"];
        let status = deployment["Status"].as_str().unwrap_or_default();
        deployment["JobVersion"] == version && ended.contains(&status)
    })
    .await
}
