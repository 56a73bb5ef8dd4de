//! What is not deployed to, and is left as it is.

use registrywatcher::deployment::Failure;
use registrywatcher::ports::{Credential, Progress};
use registrywatcher_conformance::backends::DockerRegistry;
use registrywatcher_conformance::samples;
use serde_json::{Value, json};

use crate::support::{SERVE, World};

async fn refused(change: impl FnOnce(&mut Value)) -> Option<String> {
    let world = World::new()?;
    world.push("v1", SERVE).await;
    world.run("v1", change).await;
    Some(world.refusal(&samples::digest(2)).await)
}

#[tokio::test]
async fn what_others_manage_and_what_removes_itself_is_refused() {
    let swarm = |body: &mut Value| body["Labels"] = json!({ "com.docker.swarm.service.id": "x" });
    let Some(message) = refused(swarm).await else {
        return;
    };
    assert!(message.contains("a service of Docker Swarm"), "{message}");
    let removed = |body: &mut Value| body["HostConfig"]["AutoRemove"] = true.into();
    let message = refused(removed).await.expect("the engine runs");
    assert!(message.contains("without `--rm`"), "{message}");
}

#[tokio::test]
async fn a_container_that_was_stopped_stays_stopped() {
    let Some(world) = World::with_v1().await else {
        return;
    };
    world.act(&world.name, "stop").await;
    let message = world.refusal(&samples::digest(2)).await;
    assert!(message.contains("stopped by somebody"), "{message}");
    assert_eq!(world.container().await["State"]["Running"], false);
}

#[tokio::test]
async fn a_container_whose_network_another_one_shares_is_refused() {
    let Some(world) = World::with_v1().await else {
        return;
    };
    let sidecar = format!("{}-sidecar", world.name);
    let shares = |body: &mut Value| {
        body["HostConfig"]["NetworkMode"] = format!("container:{}", world.name).into();
    };
    world
        .run_here(&sidecar, &world.reference("v1"), shares)
        .await;
    let message = world.refusal(&samples::digest(2)).await;
    assert!(
        message.contains(&format!("`{sidecar}` shares its network")),
        "{message}"
    );
}

#[tokio::test]
async fn credentials_are_presented_to_the_registry_and_refused_ones_change_nothing() {
    // In the standard alphabet of base64 these have a `+` and a `/`, which the engine would not decode.
    const PASSWORD: &str = "se:cret~~~>>>???";
    let Some(world) = World::with_v1().await else {
        return;
    };
    let Some(registry) = DockerRegistry::start(Some(("bot", PASSWORD))) else {
        return;
    };
    let repository = format!("{}/team/{}", registry.host(), world.name);
    let host = registry.host().parse().expect("a host");
    let auth = json!({ "username": "bot", "password": PASSWORD }).to_string();
    let built = world.engine.build(&repository, "v1", SERVE).await;
    world
        .run_here(&format!("{}-locked", world.name), &built, |_| {})
        .await;
    let second = world.engine.build(&repository, "v2", SERVE).await;
    let digest = world.engine.push_built(&second, &auth).await;

    let locked = world.in_repository(&repository, &format!("{}-locked", world.name));
    let outcome = locked.deploy(1, "v2", &digest).await;
    let Progress::Failed {
        reason: Failure::Workload { message },
        restored: true,
    } = outcome
    else {
        panic!("somebody must change something, got {outcome:?}")
    };
    assert!(!message.contains(PASSWORD), "{message}");

    let credential = Credential::Basic {
        username: "bot".to_owned(),
        password: PASSWORD.to_owned().into(),
    };
    locked.credentials.set(host, credential);
    assert_eq!(locked.deploy(2, "v2", &digest).await, Progress::Succeeded);
}
