use std::path::Path;
use std::time::Duration;

use registrywatcher_conformance::backends::{Fault, FaultProxy, Server};
use tokio::time::Instant;

use super::{heals, holds, misses};
use crate::databases::Database;
use crate::site::Site;
use crate::wait::eventually;

/// The name that Postgres gives to its socket.
const SOCKET: &str = ".s.PGSQL.5432";

/// A site whose service reaches its database over TCP, through a proxy; `None` where there is no Postgres.
async fn behind_a_proxy() -> Option<(Site, FaultProxy)> {
    let mut site = Site::open(Database::postgres()?).await;
    let (address, parameters) = site.database.url().split_once('?').unwrap();
    let (_, name) = address.rsplit_once('/').unwrap();
    let folder = parameters.split('&').find_map(|p| p.strip_prefix("host="));
    let server = Server::Unix(Path::new(folder.unwrap()).join(SOCKET));
    let proxy = FaultProxy::before(server).await.unwrap();
    let url = format!(
        "postgres://postgres:hunter2@{}/{name}?sslmode=disable",
        proxy.address()
    );
    site.program.set("DATABASE_URL", &url);
    Some((site, proxy))
}

async fn registered(site: &Site, releases: u64) {
    eventually("the release is registered", async || {
        (site.nomad.registrations() == releases).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_gone_for_half_a_minute_in_the_middle_of_a_rollout() {
    let Some((site, mut proxy)) = behind_a_proxy().await else {
        return;
    };
    let health_delay = Duration::from_secs(2);
    site.nomad
        .configure(|settings| settings.health_delay = health_delay);
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;
    site.publish("v1.1.0");
    registered(&site, 1).await;

    let back = Instant::now() + Duration::from_secs(30);
    proxy.set(Fault::Refuse).await.unwrap();
    misses(&service, "store").await;
    let digest = site.publish("v1.2.0");
    service.decides("web", "store_unavailable").await;
    // Longer than a lease lasts: meanwhile another replica might have taken over.
    tokio::time::sleep_until(back).await;
    misses(&service, "store").await;
    assert_eq!(site.nomad.registrations(), 1, "first it is stored");

    proxy.set(Fault::None).await.unwrap();
    heals(&site, &service, "v1.2.0", &digest, 2).await;
    let succeeded = service.count_events("web", "deployment_succeeded").await;
    assert_eq!(succeeded, 2, "also the one that nobody could note");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_that_answers_nothing_for_a_while() {
    let Some((site, mut proxy)) = behind_a_proxy().await else {
        return;
    };
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;

    proxy.set(Fault::Hang).await.unwrap();
    let digest = site.publish("v1.1.0");
    misses(&service, "store").await;
    holds(&service, "store_unavailable").await;
    assert_eq!(site.nomad.registrations(), 0, "first it is stored");

    proxy.set(Fault::None).await.unwrap();
    heals(&site, &service, "v1.1.0", &digest, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_whose_answers_are_lost_at_any_byte() {
    let Some((site, mut proxy)) = behind_a_proxy().await else {
        return;
    };
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;
    for (after, release) in [0, 100, 400, 1000, 4000].into_iter().zip(1..) {
        // It may have been committed, or not.
        proxy.set(Fault::Reset { after }).await.unwrap();
        let tag = format!("v1.{release}.0");
        let digest = site.publish(&tag);
        misses(&service, "store").await;
        proxy.set(Fault::None).await.unwrap();
        heals(&site, &service, &tag, &digest, release).await;
    }
}
