//! Pins a watch, deploys, waits until that has succeeded, and gets an error: `cargo run --example tour`.

#![expect(
    clippy::disallowed_methods,
    reason = "a program of its own, with an environment of its own"
)]

use std::env;
use std::time::Duration;

use registrywatcher_client::types::{DeploymentState, IntentChange, IntentChangeTag, Target};
use registrywatcher_client::{Client, Error};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};

const WATCH: &str = "web";

type Failure = Box<dyn std::error::Error>;

/// A client that presents the token in each request.
fn log_in() -> Result<Client, Failure> {
    let mut headers = HeaderMap::new();
    if let Ok(token) = env::var("REGISTRYWATCHER_TOKEN") {
        let mut value = HeaderValue::try_from(format!("Bearer {token}"))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    let http = reqwest::Client::builder()
        .default_headers(headers)
        .timeout(Duration::from_secs(30))
        .build()?;
    let url = env::var("REGISTRYWATCHER_URL");
    let url = url.as_deref().unwrap_or("http://127.0.0.1:8080");
    Ok(Client::new_with_client(url, http))
}

fn pin_to(tag: &str) -> Result<IntentChange, Failure> {
    let tag = IntentChangeTag::try_from(tag)?;
    let change = IntentChange::builder().target(Target::Pin).tag(tag);
    Ok(change.try_into()?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    // What speaks TLS, should the URL ask for it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = log_in()?;

    for watch in &client.list_watches().send().await?.items {
        println!("{} wants {:?}", watch.name, watch.wanted.tag);
    }

    let pin = client.change_intent().watch(WATCH).body(pin_to("v1.0.0")?);
    println!("pinned to {:?}", pin.send().await?.tag);

    // Events from here on.
    let newest = client.list_events().limit(1_u64).send().await?;
    let mut cursor = newest.items.first().map_or(0, |event| event.id);

    // Asked again under the same key, it waits on and deploys nothing more: so too when an answer was lost.
    let key = format!("tour after event {cursor}");
    let asked = loop {
        let demand = client.create_deployment().watch(WATCH).wait(20_u64);
        let demand = demand.idempotency_key(key.as_str()).body_map(|body| body);
        let asked = demand.send().await?;
        if asked.ended {
            break asked.into_inner();
        }
    };
    for deployment in asked.deployments {
        println!("deployed {}: {}", deployment.tag, deployment.state);
        if deployment.state != DeploymentState::Succeeded {
            return Err(format!("{:?}", deployment.failure).into());
        }
    }

    let mut kind = String::new();
    while kind != "deployment_succeeded" {
        let events = client.list_events().watch(WATCH).after(cursor).wait(20_u64);
        for event in events.send().await?.into_inner().items {
            println!("  {} {}: {}", event.id, event.kind, event.message);
            (cursor, kind) = (event.id, event.kind);
        }
    }

    let refused = client.change_intent().watch(WATCH).body(pin_to("v0.0.0")?);
    match refused.send().await {
        Err(Error::ErrorResponse(problem)) if problem.type_.ends_with("#tag-not-found") => {
            println!("refused with {}: {}", problem.status(), problem.detail);
        }
        other => return Err(format!("expected a problem, got {other:?}").into()),
    }

    let track = client.change_intent().watch(WATCH);
    track
        .body_map(|body| body.target(Target::Track))
        .send()
        .await?;
    Ok(())
}
