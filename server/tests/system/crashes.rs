//! Killed at any moment, the service loses nothing and deploys nothing twice.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use crate::databases::{Database, on_both_databases};
use crate::service::Service;
use crate::site::Site;
use crate::wait::eventually;

on_both_databases!(
    killed_at_any_call_to_nomad_it_registers_a_release_once,
    killed_during_a_rollout_it_follows_it_to_its_end,
    killed_right_after_it_accepted_a_command_it_does_what_it_was_told,
);

/// Whoever starts next need not wait long for what was killed before.
const SOON: &str = "\n[replicas]\nlease = \"2s\"\n";

async fn killed_at_any_call_to_nomad_it_registers_a_release_once(database: Database) {
    let site = Site::open_with(database, SOON).await;
    // Each call takes a while, so that it is killed in the middle of one.
    site.nomad
        .fault(|faults| faults.delay = Some(Duration::from_millis(40)));
    for calls in 0..6_u64 {
        let service = site.program.serve().await;
        service.ready().await;
        let tag = format!("v1.{}.0", calls + 1);
        let before = site.nomad.calls();
        let digest = site.publish(&tag);
        eventually("nomad is called", async || {
            (site.nomad.calls() >= before + calls).then_some(())
        })
        .await;
        service.kill().await;

        let service = site.program.serve().await;
        site.runs(&digest).await;
        service.newest_deployment("web", &tag, "succeeded").await;
        service.kill().await;
        registered_once_each(&site, calls + 1);
    }
    let service = site.program.serve().await;
    let deployments = service.deployments("web").await;
    assert_eq!(deployments.len(), 6, "{deployments:#?}");
}

async fn killed_during_a_rollout_it_follows_it_to_its_end(database: Database) {
    let site = Site::open_with(database, SOON).await;
    site.nomad
        .configure(|settings| settings.health_delay = Duration::from_secs(10));
    let service = ready(&site).await;
    let digest = site.publish("v1.1.0");
    eventually("the release is registered", async || {
        (site.nomad.registrations() == 1).then_some(())
    })
    .await;
    service.kill().await;

    // Once more, when it is known to be followed.
    let service = site.program.serve().await;
    service.newest_deployment("web", "v1.1.0", "rolling").await;
    service.kill().await;

    let service = site.program.serve().await;
    service
        .newest_deployment("web", "v1.1.0", "succeeded")
        .await;
    site.runs(&digest).await;
    registered_once_each(&site, 1);
    let finished = service.count_events("web", "deployment_succeeded").await;
    assert_eq!(finished, 1);
}

async fn killed_right_after_it_accepted_a_command_it_does_what_it_was_told(database: Database) {
    let site = Site::open_with(database, SOON).await;
    let digest = site.publish("v0.9.0");
    let service = ready(&site).await;
    service
        .change_tag(
            "web",
            json!({ "pinned_tag": "v0.9.0", "auto_deploy": false }),
        )
        .await;
    service.kill().await;

    let service = site.program.serve().await;
    site.runs(&digest).await;
    service
        .newest_deployment("web", "v0.9.0", "succeeded")
        .await;
    registered_once_each(&site, 1);
    let intent = service.watch("web").await["intent"].clone();
    assert_eq!(intent["tag"], "v0.9.0");
    assert_eq!(intent["auto_deploy"], false);
    assert_eq!(service.count_events("web", "deployment_asked").await, 1);
}

async fn ready(site: &Site) -> Service {
    let service = site.program.serve().await;
    service.ready().await;
    service
}

fn registered_once_each(site: &Site, deployments: u64) {
    let marks = site.marks();
    let distinct: BTreeSet<&String> = marks.iter().collect();
    assert_eq!(marks.len() as u64, deployments, "{marks:?}");
    assert_eq!(distinct.len() as u64, deployments, "{marks:?}");
    assert_eq!(site.nomad.registrations(), deployments);
}
