//! Being asked to end.

use std::time::Duration;

use tokio::time::Instant;

use crate::databases::{Database, on_both_databases};
use crate::site::Site;
use crate::wait::eventually;

on_both_databases!(asked_to_end_during_a_rollout_it_leaves_it_to_the_next_start);

/// What the configuration allows requests that run at a shutdown.
const GRACE: Duration = Duration::from_secs(10);

async fn asked_to_end_during_a_rollout_it_leaves_it_to_the_next_start(database: Database) {
    let site = Site::open(database).await;
    site.nomad
        .configure(|settings| settings.health_delay = Duration::from_secs(4));
    let service = site.program.serve().await;
    service.ready().await;
    let digest = site.publish("v1.1.0");
    eventually("the release is registered", async || {
        (site.nomad.registrations() == 1).then_some(())
    })
    .await;
    service.newest_deployment("web", "v1.1.0", "rolling").await;
    let asked = Instant::now();
    let ended = service.stop().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(asked.elapsed() < GRACE, "{:?}", asked.elapsed());
    assert!(ended.stderr.contains("stopping"), "{}", ended.stderr);

    let service = site.program.serve().await;
    service
        .newest_deployment("web", "v1.1.0", "succeeded")
        .await;
    site.runs(&digest).await;
    assert_eq!(site.nomad.registrations(), 1);
}
