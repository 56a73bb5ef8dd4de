//! Deploying by way of a receiver on loopback.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics where its premise is broken"
)]

mod asking;
mod conformance;
mod double;
mod following;
mod http;
mod telling;

use std::sync::Arc;
use std::time::Duration;

use registrywatcher::deployment::DeploymentId;
use registrywatcher::intent::Candidate;
use registrywatcher::ports::{Accepted, Apply, Deployer, Progress, Rollout};
use registrywatcher_conformance::samples;
use registrywatcher_deployer_webhook::{Settings, WebhookDeployer};
use registrywatcher_memory::MemoryClock;
use uuid::Uuid;

use double::Receiver;

/// The example of Standard Webhooks.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn settings(receiver: &Receiver) -> Settings {
    Settings {
        url: Some(receiver.url().into()),
        secrets: vec![SECRET.into()],
        timeout: Duration::from_secs(5),
        poll: Duration::from_millis(10),
        ..Settings::default()
    }
}

fn open(settings: &Settings, clock: &MemoryClock) -> WebhookDeployer {
    let _ = rustls::crypto::ring::default_provider().install_default();
    WebhookDeployer::new(settings, Arc::new(clock.clone()))
        .expect("the settings are complete")
        .with_follow_wait(Duration::from_millis(300))
}

fn deployer(receiver: &Receiver) -> WebhookDeployer {
    open(&settings(receiver), &MemoryClock::new())
}

fn apply() -> Apply {
    Apply {
        id: DeploymentId(Uuid::from_u128(7)),
        workload: samples::workload("platform", &[("name", "web"), ("stage", "production")]),
        source: "ghcr.io/acme/web".parse().expect("an image reference"),
        candidate: Candidate {
            tag: samples::tag("v2"),
            image: samples::image(2),
        },
        forced: false,
        previous: None,
    }
}

fn rollout(accepted: Accepted) -> Rollout {
    Rollout {
        apply: apply(),
        handle: accepted.handle,
    }
}

/// Applies and follows once.
async fn first_look(deployer: &WebhookDeployer) -> Progress {
    let accepted = deployer.apply(&apply()).await.expect("it is taken on");
    let progress = deployer.follow(&rollout(accepted)).await;
    progress.expect("it can be followed")
}
