//! One service for each SQLite file.

use crate::databases::Database;
use crate::site::Site;

#[tokio::test(flavor = "multi_thread")]
async fn a_second_service_on_a_sqlite_file_refuses_to_start_and_says_why() {
    let site = Site::open(Database::sqlite()).await;
    let service = site.program.serve().await;
    service.ready().await;
    let second = site.program.run(&["serve"]).await;
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(
        second.stderr.contains("in use by another registrywatcher"),
        "{}",
        second.stderr
    );
    // The first one did not notice.
    let digest = site.publish("v1.1.0");
    site.runs(&digest).await;

    // However it ends, the next one may start.
    service.kill().await;
    let service = site.program.serve().await;
    service.ready().await;
    assert_eq!(service.stop().await.code, Some(0));
    site.program.serve().await.ready().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_goes_on_beside_the_service_and_leaves_its_store_alone() {
    let site = Site::open(Database::sqlite()).await;
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;
    let dry = site.program.serve_with(&["--dry-run"]).await;
    dry.decides("web", "up_to_date").await;
    let digest = site.publish("v1.1.0");
    site.runs(&digest).await;
    service
        .newest_deployment("web", "v1.1.0", "succeeded")
        .await;
    let events = service.events("web").await;
    assert_eq!(dry.stop().await.code, Some(0));
    assert_eq!(service.events("web").await, events);
    assert_eq!(site.nomad.registrations(), 1);
}
