//! Pulls, over real HTTP.

mod authentication;
mod faults;
mod manifests;
mod tags;

use registrywatcher_simulator::SimulatedRegistry;
use reqwest::{Response, StatusCode};
use serde_json::Value;

use crate::client::client;

async fn get(registry: &SimulatedRegistry, path: &str) -> Response {
    let url = format!("{}{path}", registry.url());
    client().get(url).send().await.unwrap()
}

async fn head(registry: &SimulatedRegistry, path: &str) -> Response {
    let url = format!("{}{path}", registry.url());
    client().head(url).send().await.unwrap()
}

async fn json(response: Response) -> Value {
    response.json().await.unwrap()
}

#[track_caller]
fn header(response: &Response, name: &str) -> String {
    let value = response.headers().get(name);
    let value = value.unwrap_or_else(|| panic!("no {name} in {:?}", response.headers()));
    value.to_str().unwrap().to_owned()
}

async fn list(registry: &SimulatedRegistry, query: &str) -> (Vec<String>, Option<String>) {
    let response = get(registry, &format!("/v2/team/web/tags/list{query}")).await;
    assert_eq!(response.status(), StatusCode::OK);
    let link = response.headers().get("link");
    let link = link.map(|link| link.to_str().unwrap().to_owned());
    let tags = serde_json::from_value(json(response).await["tags"].clone()).unwrap();
    (tags, link)
}
