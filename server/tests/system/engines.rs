//! A real Docker Engine and a real registry: releases as a container and as a service of a swarm, and a watch that moves.

mod moving;
pub(crate) mod place;

use serde_json::Value;

use crate::databases::Database;
use crate::program::Program;
use crate::service::Service;
use place::{Kind, Place};
use registrywatcher_conformance::backends::DockerEngine;

#[tokio::test(flavor = "multi_thread")]
async fn a_container_goes_through_its_releases_and_keeps_all_that_its_user_gave_it() {
    if let Some(place) = Place::open(Kind::Docker, "container").await {
        goes_through_its_releases(&place).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_of_three_replicas_goes_through_its_releases_and_keeps_all_that_its_user_gave_it()
{
    if let Some(place) = Place::open(Kind::Swarm, "service").await {
        goes_through_its_releases(&place).await;
    }
}

async fn goes_through_its_releases(place: &Place) {
    let database = Database::sqlite();
    let program = Program::new(&config(place, &database));
    place.push("v1", DockerEngine::SERVE).await;
    place.run("v1").await;
    place.write_file().await;
    let given = place.given().await;

    let service = program.serve().await;
    service.decides("shop", "up_to_date").await;
    place.is_whole("v1", &given).await;

    place.push("v2", DockerEngine::SERVE).await;
    service.newest_deployment("shop", "v2", "succeeded").await;
    place.is_whole("v2", &given).await;

    place.push("v3", DockerEngine::FAIL).await;
    let failed = service.newest_deployment("shop", "v3", "failed").await;
    assert_eq!(failed["failure"]["restored"], true, "{failed:#}");
    place.is_whole("v2", &given).await;
    service.decides("shop", "quarantined").await;
    service.next_poll("shop").await;

    place.push("v4", DockerEngine::SERVE).await;
    service.newest_deployment("shop", "v4", "succeeded").await;
    place.is_whole("v4", &given).await;
    assert_eq!(tags(&service, "shop").await, ["v2", "v3", "v4"]);
}

fn config(place: &Place, database: &Database) -> String {
    format!(
        r#"
        docker_config = false

        [server]
        listen = "127.0.0.1:0"

        [store]
        url = "{store}"

        [poll]
        interval = "300ms"

        [deployers.engine]
        {deployer}

        [watches.shop]
        image = "{image}"
        policy = {{ numeric = "asc", extract = '^v(\d+)$' }}
        min_interval = "0s"
        workloads = [{{ deployer = "engine", {address} }}]
        "#,
        store = database.url(),
        deployer = place.settings(),
        image = place.repository(),
        address = place.address(),
    )
}

/// The tags of all deployments of a watch, oldest first.
async fn tags(service: &Service, watch: &str) -> Vec<String> {
    let tag = |deployment: &Value| deployment["tag"].as_str().unwrap().to_owned();
    service.deployments(watch).await.iter().map(tag).collect()
}
