//! Faults of what the service stands on, in the middle of its work: it stays up, tells them, and heals by itself. In the
//! end each release was registered once, whatever happened in between.

mod clock;
mod database;
mod disk;
mod nomad;
mod registry;

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use crate::service::Service;
use crate::site::Site;
use crate::wait::{eventually, within};

/// How long what was hindered may take once it is not any more: after some faults it is tried again every half minute.
const HEALING: Duration = Duration::from_mins(1);

/// Waits until the service says that a part is missing, while it is alive and answers.
async fn misses(service: &Service, part: &str) {
    eventually(&format!("{part} is missing"), async || {
        let (status, problem) = service.get("/readyz").await;
        let names = problem["errors"].as_array().into_iter().flatten();
        let is_named = names.clone().any(|error| error["name"] == part);
        (status == StatusCode::SERVICE_UNAVAILABLE && is_named).then_some(())
    })
    .await;
    assert_eq!(service.get("/healthz").await.0, StatusCode::OK);
}

/// Waits until the decision on the watch, and the metrics, tell why nothing is deployed.
async fn holds(service: &Service, reason: &str) -> Value {
    let watch = service.decides("web", reason).await;
    let label = format!("reason=\"{reason}\"");
    eventually(&format!("the metrics tell {reason}"), async || {
        let metrics = service.get("/metrics").await.1;
        let mut samples = metrics.as_str()?.lines();
        let is_told = |sample: &str| {
            sample.starts_with("registrywatcher_held_workloads{") && sample.contains(&label)
        };
        samples.any(is_told).then_some(())
    })
    .await;
    watch
}

/// Waits until the service, which is ready, names a part outside of it that does not work.
async fn is_degraded(service: &Service, part: &str) {
    eventually(&format!("{part} does not work"), async || {
        let (status, readiness) = service.get("/readyz").await;
        assert_eq!(status, StatusCode::OK, "{readiness}");
        let degraded = readiness["degraded"].as_array().into_iter().flatten();
        let mut parts = degraded.filter_map(|degraded| degraded["part"].as_str());
        parts.any(|named| named.starts_with(part)).then_some(())
    })
    .await;
}

/// Waits until all is well: ready, nothing outside missed, and `tag` deployed, as the last of so many releases, each of which
/// was registered once.
async fn heals(site: &Site, service: &Service, tag: &str, digest: &str, releases: u64) {
    let image = site.image(digest);
    within(HEALING, &format!("`web` runs {tag}"), async || {
        (site.running().as_ref() == Some(&image)).then_some(())
    })
    .await;
    within(HEALING, &format!("{tag} is known to run"), async || {
        // Listed by the time of day, and so perhaps not as the last one.
        let deployments = service.deployments("web").await;
        let mut deployed = deployments.iter().filter(|known| known["tag"] == tag);
        deployed
            .any(|known| known["state"] == "succeeded")
            .then_some(())
    })
    .await;
    service.decides("web", "up_to_date").await;
    eventually("all is well", async || {
        let (status, readiness) = service.get("/readyz").await;
        (status == StatusCode::OK && readiness["degraded"] == Value::Array(Vec::new()))
            .then_some(())
    })
    .await;
    registered_once_each(site, releases);
}

fn registered_once_each(site: &Site, releases: u64) {
    let marks = site.marks();
    let distinct: BTreeSet<&String> = marks.iter().collect();
    assert_eq!(marks.len(), distinct.len(), "{marks:?}");
    assert_eq!(marks.len() as u64, releases, "{marks:?}");
    assert_eq!(site.nomad.registrations(), releases);
}
