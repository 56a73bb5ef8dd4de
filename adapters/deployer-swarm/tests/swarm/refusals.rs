//! What is not deployed to, and is left as it is.

use registrywatcher::deployment::Failure;
use registrywatcher::ports::{Apply, Credential, DeployError, Deployer, Progress};
use registrywatcher_conformance::backends::{DockerEngine, DockerRegistry};
use registrywatcher_conformance::deployer::follow_to_end;
use serde_json::{Value, json};

use crate::support::World;

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, DeployError>) -> String {
    match answer {
        Err(error @ DeployError::Refused { .. }) => error.to_string(),
        other => panic!("it is refused, got {other:?}"),
    }
}

#[tokio::test]
async fn a_service_of_another_repository_is_refused() {
    let Some(world) = World::with_v1(|_| {}).await else {
        return;
    };
    let other = Apply {
        source: "ghcr.io/acme/other".parse().expect("a reference"),
        ..world.apply(1, "v2", &world.images.v2)
    };
    let message = refused(world.deployer().apply(&other).await);
    assert!(message.contains("not of ghcr.io/acme/other"), "{message}");
}

#[tokio::test]
async fn an_engine_that_manages_no_swarm_says_so() {
    let Some(world) = World::new().await else {
        return;
    };
    let Some(other) = DockerEngine::start() else {
        return;
    };
    let deployer = world.deployer_at(other.address());
    let apply = world.apply(1, "v2", &world.images.v2);
    let message = refused(deployer.apply(&apply).await);
    assert!(message.contains("not a swarm manager"), "{message}");

    other.work_for(world.engine).await;
    let message = refused(deployer.running(&apply.workload).await);
    assert!(message.contains("Worker nodes"), "{message}");
    assert!(message.contains("name a manager of the swarm"), "{message}");
    let error = deployer
        .discover()
        .await
        .expect_err("a worker knows nothing");
    assert!(error.problem.contains("not a swarm manager"), "{error}");
}

#[tokio::test]
async fn nodes_pull_with_our_credentials_and_refused_ones_change_nothing() {
    // In the standard alphabet of base64 these have a `+` and a `/`, which the engine would not decode.
    const PASSWORD: &str = "se:cret~~~>>>???";
    let Some(world) = World::new().await else {
        return;
    };
    let Some(registry) = DockerRegistry::start(Some(("bot", PASSWORD))) else {
        return;
    };
    let repository = format!("{}/team/web", registry.host());
    let host: registrywatcher::image::RegistryHost = registry.host().parse().expect("a host");
    let auth = json!({ "username": "bot", "password": PASSWORD }).to_string();
    let push = async |tag: &str| {
        let built = world.engine.build(&repository, tag, DockerEngine::SERVE);
        world.engine.push_built(&built.await, &auth).await
    };
    let second = push("v2").await;
    let here = world.engine.build(&repository, "v1", DockerEngine::SERVE);
    let here = here.await;
    let change = |spec: &mut Value| {
        spec["TaskTemplate"]["ContainerSpec"]["Image"] = here.into();
    };
    world.create(&world.name, change).await;
    world.wait_for_tasks(&world.name).await;
    let apply = |id| Apply {
        source: repository.parse().expect("a reference"),
        ..world.apply(id, "v2", &second)
    };
    let present = |password: &str| {
        let credential = Credential::Basic {
            username: "bot".to_owned(),
            password: password.to_owned().into(),
        };
        world.credentials.set(host.clone(), credential);
    };

    present("wrong");
    let before = world.service().await["Version"].clone();
    let rollout = world.accept(apply(1)).await;
    let outcome = follow_to_end(&*world.deployer(), &rollout).await;
    let Progress::Failed {
        reason: Failure::Workload { message },
        restored: true,
    } = outcome
    else {
        panic!("somebody must change something, got {outcome:?}")
    };
    assert!(!message.contains("wrong"), "{message}");
    assert_eq!(world.service().await["Version"], before);

    present(PASSWORD);
    let rollout = world.accept(apply(2)).await;
    let outcome = follow_to_end(&*world.deployer(), &rollout).await;
    assert_eq!(outcome, Progress::Succeeded);
}

#[tokio::test]
async fn an_image_that_no_node_can_pull_is_not_to_blame() {
    let Some(world) = World::new().await else {
        return;
    };
    let Some(registry) = DockerRegistry::start(Some(("bot", "secret"))) else {
        return;
    };
    let repository = format!("{}/team/web", registry.host());
    let auth = json!({ "username": "bot", "password": "secret" }).to_string();
    let built = world.engine.build(&repository, "v2", DockerEngine::SERVE);
    let second = world.engine.push_built(&built.await, &auth).await;
    let here = world.engine.build(&repository, "v1", DockerEngine::SERVE);
    let here = here.await;
    let change = |spec: &mut Value| {
        spec["TaskTemplate"]["ContainerSpec"]["Image"] = here.into();
    };
    world.create(&world.name, change).await;
    world.wait_for_tasks(&world.name).await;

    // Without credentials of ours, what the service was given before may open the registry; here it was given nothing.
    let apply = Apply {
        source: repository.parse().expect("a reference"),
        ..world.apply(1, "v2", &second)
    };
    let rollout = world.accept(apply).await;
    let outcome = follow_to_end(&*world.deployer(), &rollout).await;
    let Progress::Failed {
        reason: Failure::Orchestrator { message },
        restored: true,
    } = outcome
    else {
        panic!("the nodes cannot pull it, got {outcome:?}")
    };
    assert!(message.contains("No such image"), "{message}");
}
