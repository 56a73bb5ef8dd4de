//! What a deployment does to a service, and what it leaves of it.

use registrywatcher::ports::{Apply, Deployer, Progress};
use registrywatcher_conformance::backends::DockerEngine;
use registrywatcher_conformance::deployer::follow_to_end;
use registrywatcher_conformance::samples;
use serde_json::{Value, json};

use crate::support::{World, failed, tasks};

/// Sets what a deployment must leave as it is.
fn as_a_person_sets_it(spec: &mut Value, volume: &str) {
    let container = &mut spec["TaskTemplate"]["ContainerSpec"];
    container["Env"] = json!(["TOKEN=kept"]);
    container["Labels"] = json!({ "owner": "shop" });
    container["StopGracePeriod"] = 2_000_000_000_u64.into();
    container["Mounts"] = json!([{ "Type": "volume", "Source": volume, "Target": "/data" }]);
    spec["TaskTemplate"]["Resources"] = json!({ "Limits": { "MemoryBytes": 64 << 20 } });
    spec["UpdateConfig"]["Parallelism"] = 1.into();
    spec["UpdateConfig"]["MaxFailureRatio"] = 0.1.into();
    spec["Labels"] = json!({
        "com.docker.stack.namespace": "shop", "com.docker.stack.image": "web:v1",
        "registrywatcher.policy": "semver:^1",
    });
}

/// All of a specification but what a deployment is to change.
fn without_image(mut spec: Value) -> Value {
    let template = spec["TaskTemplate"].as_object_mut().expect("an object");
    template.remove("Placement");
    let container = template["ContainerSpec"]
        .as_object_mut()
        .expect("an object");
    container.remove("Image");
    let labels = container["Labels"].as_object_mut().expect("an object");
    labels.retain(|key, _| !key.starts_with("registrywatcher."));
    spec["Labels"]["com.docker.stack.image"].take();
    spec
}

#[tokio::test]
async fn a_service_goes_from_v1_to_v2_is_back_there_when_v3_fails_and_goes_on_to_v4() {
    let name = "registrywatcher-data";
    let world = World::with_three_of_v1(|spec| as_a_person_sets_it(spec, name)).await;
    let Some(world) = world else { return };
    let images = world.images;
    let first = without_image(world.spec().await);

    assert_eq!(world.deploy(1, "v2", &images.v2).await, Progress::Succeeded);
    let spec = world.spec().await;
    let pinned = format!("{}@{}", world.reference("v2"), images.v2);
    let container = &spec["TaskTemplate"]["ContainerSpec"];
    assert_eq!(container["Image"], pinned.as_str());
    let stack = world.reference("v2");
    assert_eq!(spec["Labels"]["com.docker.stack.image"], stack.as_str());
    assert_eq!(
        spec["TaskTemplate"]["Placement"]["Platforms"][0]["OS"],
        "linux"
    );
    assert_eq!(spec["TaskTemplate"]["ForceUpdate"], 0);
    assert_eq!(
        without_image(spec.clone()),
        first,
        "nothing else is changed"
    );

    let outcome = world.deploy(2, "v3", &images.fails).await;
    let (blames_image, restored, message) = failed(&outcome);
    assert!(blames_image && restored, "{message}");
    assert!(message.contains("non-zero exit (3)"), "{message}");
    let words = "the new version does not start";
    assert!(message.contains(words), "{message}");
    assert_eq!(world.spec().await, spec, "as it was");
    assert_eq!(world.running().await.digest(), Some(&images.v2));

    let v4 = &images.theirs;
    assert_eq!(world.deploy(3, "v4", v4).await, Progress::Succeeded);
    assert_eq!(world.running().await.digest(), Some(v4));
    assert_eq!(without_image(world.spec().await), first);
}

#[tokio::test]
async fn what_runs_the_image_already_is_left_alone_unless_it_is_forced() {
    let Some(world) = World::with_v1(|_| {}).await else {
        return;
    };
    let v2 = &world.images.v2;
    assert_eq!(world.deploy(1, "v2", v2).await, Progress::Succeeded);
    let version = world.service().await["Version"].clone();
    assert_eq!(world.deploy(2, "v2", v2).await, Progress::Succeeded);
    assert_eq!(world.service().await["Version"], version);

    let forced = Apply {
        forced: true,
        ..world.apply(3, "v2", v2)
    };
    let rollout = world.accept(forced).await;
    let progress = follow_to_end(&*world.deployer(), &rollout).await;
    assert_eq!(progress, Progress::Succeeded);
    assert_eq!(world.spec().await["TaskTemplate"]["ForceUpdate"], 1);
    assert_eq!(world.replacements().await, 2);
}

#[tokio::test]
async fn a_manifest_that_is_missing_is_the_image_s_fault_and_changes_nothing() {
    let Some(world) = World::with_v1(|_| {}).await else {
        return;
    };
    let before = world.service().await["Version"].clone();
    let outcome = world.deploy(1, "v2", &samples::digest(7)).await;
    let (blames_image, restored, message) = failed(&outcome);
    assert!(blames_image && restored, "{message}");
    assert!(message.contains("manifest unknown"), "{message}");
    assert_eq!(world.service().await["Version"], before);
}

#[tokio::test]
async fn an_image_whose_program_is_missing_is_at_fault() {
    let Some(world) = World::with_v1(|_| {}).await else {
        return;
    };
    let nothing = &[r#"ENTRYPOINT ["/nothing"]"#];
    let digest = world.engine.push(&world.repository, "nothing", nothing);
    let outcome = world.deploy(1, "v2", &digest.await).await;
    let (blames_image, restored, message) = failed(&outcome);
    assert!(blames_image && restored, "{message}");
    assert!(message.contains("no such file or directory"), "{message}");
}

#[tokio::test]
async fn a_health_check_decides() {
    let Some(world) = World::with_v1(|_| {}).await else {
        return;
    };
    let push = async |tag: &str, how: &str| {
        let check =
            format!(r#"HEALTHCHECK --interval=100ms --retries=2 CMD ["/app", "check-{how}"]"#);
        let instructions = [DockerEngine::SERVE, &[check.as_str()]].concat();
        let pushed = world.engine.push(&world.repository, tag, &instructions);
        pushed.await
    };
    let sick = push("sick", "fails").await;
    let outcome = world.deploy(1, "sick", &sick).await;
    let (blames_image, restored, message) = failed(&outcome);
    assert!(blames_image && restored, "{message}");
    assert!(message.contains("because it was unhealthy"), "{message}");
    let well = push("well", "passes").await;
    assert_eq!(world.deploy(2, "well", &well).await, Progress::Succeeded);
}

#[tokio::test]
async fn a_service_on_every_node_is_updated_on_every_node() {
    let everywhere = |spec: &mut Value| spec["Mode"] = json!({ "Global": {} });
    let Some(world) = World::with_v1(everywhere).await else {
        return;
    };
    let v2 = &world.images.v2;
    assert_eq!(world.deploy(1, "v2", v2).await, Progress::Succeeded);
    let running = |task: &&Value| task["Status"]["State"] == "running";
    let tasks = tasks(world.engine, &world.name).await;
    let running: Vec<_> = tasks.iter().filter(running).collect();
    assert_eq!(running.len(), 1, "one node");
    let image = running[0]["Spec"]["ContainerSpec"]["Image"].as_str();
    assert!(image.is_some_and(|image| image.ends_with(v2.as_str())));

    let outcome = world.deploy(2, "v3", &world.images.fails).await;
    assert!(matches!(failed(&outcome), (true, true, _)), "{outcome:?}");
}

#[tokio::test]
async fn a_service_without_replicas_gets_the_image_and_stays_without() {
    let none = |spec: &mut Value| spec["Mode"]["Replicated"]["Replicas"] = 0.into();
    let Some(world) = World::with_v1(none).await else {
        return;
    };
    let v2 = &world.images.v2;
    assert_eq!(world.deploy(1, "v2", v2).await, Progress::Succeeded);
    assert_eq!(world.running().await.digest(), Some(v2));
    assert_eq!(
        world.spec().await["Mode"],
        json!({ "Replicated": { "Replicas": 0 } })
    );
}

#[tokio::test]
async fn a_replica_for_which_no_node_is_fit_is_waited_for() {
    let Some(world) = World::new().await else {
        return;
    };
    let unfit = |spec: &mut Value| {
        spec["TaskTemplate"]["Placement"] = json!({ "Constraints": ["node.labels.disk == none"] });
    };
    world.create(&world.name, unfit).await;
    let rollout = world.accept(world.apply(1, "v2", &world.images.v2)).await;
    let mut progress = None;
    // It is news once Swarm has tried.
    for _ in 0..20 {
        let told = world.deployer().follow(&rollout).await;
        match told.expect("it can be followed") {
            Progress::Rolling { detail } if detail.contains("no suitable node") => return,
            other => progress = Some(other),
        }
    }
    panic!("it waits for a node, got {progress:?}");
}
