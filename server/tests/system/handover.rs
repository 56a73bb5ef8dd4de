//! A replica that ends in good order leaves its work to the others at once.

use std::time::Duration;

use tokio::time::Instant;

use crate::databases::Database;
use crate::program::Program;
use crate::site::Site;
use crate::wait::within;

/// Far longer than the test waits, so that it cannot be waited for.
const LEASES: &str = "\n[replicas]\nlease = \"1m\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_stopped_hands_its_watches_to_the_other_one() {
    let Some(database) = Database::postgres() else {
        return;
    };
    let site = Site::open_with(database, LEASES).await;
    let config = std::fs::read_to_string(site.program.folder().join("registrywatcher.toml"));
    let other = Program::new(&config.unwrap());
    let first = site.program.serve().await;
    first.ready().await;
    first.decides("web", "up_to_date").await;
    let second = other.serve().await;
    second.ready().await;
    assert_eq!(second.watch("web").await["attended"], false);

    let asked = Instant::now();
    assert_eq!(first.stop().await.code, Some(0));
    let digest = site.publish("v1.1.0");
    // It asks for leases five times within the time that one lasts.
    let patience = Duration::from_secs(20);
    within(patience, "the other one deploys", async || {
        (site.running() == Some(site.image(&digest))).then_some(())
    })
    .await;
    assert!(asked.elapsed() < Duration::from_secs(30));
    second.newest_deployment("web", "v1.1.0", "succeeded").await;
    assert_eq!(site.nomad.registrations(), 1);
}
