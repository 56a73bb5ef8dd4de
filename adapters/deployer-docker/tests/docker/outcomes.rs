//! What a deployment does to a container, and what it leaves of it.

use registrywatcher::ports::{Deployer, Progress, Rollout};
use registrywatcher_conformance::deployer::follow_to_end;
use serde_json::{Value, json};

use crate::support::{FAIL, SERVE, World};

#[track_caller]
fn failed(progress: &Progress) -> (bool, bool, String) {
    match progress {
        Progress::Failed { reason, restored } => (
            reason.blames_image(),
            *restored,
            reason.message().to_owned(),
        ),
        other => panic!("it failed, got {other:?}"),
    }
}

#[tokio::test]
async fn a_container_goes_from_v1_to_v2_stays_there_when_v3_fails_and_goes_on_to_v4() {
    let Some(world) = World::new() else { return };
    let with_data = [
        SERVE,
        &["VOLUME /data", "ENV MODE=of-image", "LABEL team=image"],
    ]
    .concat();
    let second = [SERVE, &["VOLUME /data", "ENV MODE=of-v2 NEW=1"]].concat();
    world.push("v1", &with_data).await;
    let v2 = world.push("v2", &second).await;
    let v3 = world.push("v3", FAIL).await;
    let v4 = world.push("v4", &second).await;
    let first = world
        .run("v1", |body| {
            body["Env"] = json!(["TOKEN=kept"]);
            body["Labels"] = json!({ "owner": "shop" });
            body["HostConfig"]["Memory"] = json!(64 << 20);
            body["HostConfig"]["RestartPolicy"] = json!({ "Name": "unless-stopped" });
        })
        .await;
    let volume = |container: &Value| container["Mounts"][0]["Name"].clone();
    let data = volume(&world.container().await);
    assert!(data.is_string(), "the image has a volume without a name");

    assert_eq!(world.deploy(1, "v2", &v2).await, Progress::Succeeded);
    let running = world.container().await;
    assert_ne!(running["Id"], first, "another container");
    assert_eq!(volume(&running), data, "with the same data");
    assert_eq!(running["Config"]["Labels"]["owner"], "shop");
    assert_eq!(running["Config"]["Labels"]["team"], Value::Null);
    assert_eq!(running["HostConfig"]["Memory"], 64 << 20);
    let environment = running["Config"]["Env"].as_array().expect("a list").clone();
    assert!(
        environment.contains(&json!("TOKEN=kept")) && environment.contains(&json!("MODE=of-v2"))
    );
    assert!(!environment.contains(&json!("MODE=of-image")), "not frozen");
    assert_eq!(world.names().await.len(), 1, "nothing is left over");

    let outcome = world.deploy(2, "v3", &v3).await;
    let (blames_image, restored, message) = failed(&outcome);
    assert!(blames_image && restored, "{message}");
    assert!(
        message.contains("the new version does not start"),
        "{message}"
    );
    let back = world.container().await;
    assert_eq!(
        back["Id"], running["Id"],
        "the very container that ran before"
    );
    assert_eq!(back["State"]["Running"], true);
    let policy = &back["HostConfig"]["RestartPolicy"]["Name"];
    assert_eq!(policy, "unless-stopped");
    assert_eq!(world.running().await.digest(), Some(&v2));
    assert_eq!(
        world.names().await.len(),
        2,
        "the failed one is kept for its logs"
    );

    assert_eq!(world.deploy(3, "v4", &v4).await, Progress::Succeeded);
    assert_eq!(world.running().await.digest(), Some(&v4));
    assert_eq!(volume(&world.container().await), data);
    assert_eq!(world.names().await.len(), 1);
}

#[tokio::test]
async fn networks_aliases_static_and_mac_addresses_are_kept() {
    let Some(world) = World::new() else { return };
    world.push("v1", SERVE).await;
    let v2 = world.push("v2", SERVE).await;
    let (front, back) = (
        format!("{}-front", world.name),
        format!("{}-back", world.name),
    );
    world.make_network(&front, "10.231.1.0/24").await;
    world.make_network(&back, "10.231.2.0/24").await;
    world
        .run("v1", |body| {
            body["MacAddress"] = "92:d0:c6:0a:29:33".into();
            body["HostConfig"]["NetworkMode"] = front.as_str().into();
            let endpoint =
                json!({ "IPAMConfig": { "IPv4Address": "10.231.1.77" }, "Aliases": ["shop"] });
            body["NetworkingConfig"] = json!({ "EndpointsConfig": { (front.as_str()): endpoint } });
        })
        .await;
    world.connect(&back, json!({ "Aliases": ["depot"] })).await;

    assert_eq!(world.deploy(1, "v2", &v2).await, Progress::Succeeded);
    let networks = &world.container().await["NetworkSettings"]["Networks"];
    assert_eq!(networks[&front]["IPAddress"], "10.231.1.77");
    assert_eq!(networks[&front]["MacAddress"], "92:d0:c6:0a:29:33");
    let aliases = |network: &String| networks[network]["Aliases"].as_array().cloned();
    let front_aliases = aliases(&front).expect("it has some");
    assert!(front_aliases.contains(&json!("shop")));
    assert_eq!(
        front_aliases.len(),
        2,
        "its own id beside, and not the old one's"
    );
    assert!(
        aliases(&back)
            .expect("it has some")
            .contains(&json!("depot"))
    );
    world.remove(&world.name).await;
    world.remove_network(&front).await;
    world.remove_network(&back).await;
}

#[tokio::test]
async fn a_manifest_that_is_missing_is_the_image_s_fault_and_changes_nothing() {
    let Some(world) = World::with_v1().await else {
        return;
    };
    let before = world.container().await["Id"].clone();
    let missing = registrywatcher_conformance::samples::digest(7);
    let outcome = world.deploy(1, "v2", &missing).await;
    let (blames_image, restored, message) = failed(&outcome);
    assert!(blames_image && restored, "{message}");
    assert!(message.contains("cannot be pulled"), "{message}");
    assert_eq!(world.container().await["Id"], before);
    assert_eq!(world.names().await.len(), 1);
}

#[tokio::test]
async fn an_image_whose_program_is_missing_is_at_fault_and_what_ran_before_runs_again() {
    let Some(world) = World::with_v1().await else {
        return;
    };
    let v2 = world.push("v2", &[r#"ENTRYPOINT ["/nothing"]"#]).await;
    let outcome = world.deploy(1, "v2", &v2).await;
    let (blames_image, restored, message) = failed(&outcome);
    assert!(blames_image && restored, "{message}");
    assert!(message.contains("cannot be started"), "{message}");
    assert_eq!(world.container().await["State"]["Running"], true);
}

#[tokio::test]
async fn a_health_check_decides() {
    let Some(world) = World::with_v1().await else {
        return;
    };
    let check = |how: &str| {
        format!(r#"HEALTHCHECK --interval=100ms --retries=2 CMD ["/app", "check-{how}"]"#)
    };
    let sick = world
        .push("v2", &[SERVE, &[&check("fails")]].concat())
        .await;
    let well = world
        .push("v3", &[SERVE, &[&check("passes")]].concat())
        .await;
    let outcome = world.deploy(1, "v2", &sick).await;
    let (blames_image, restored, message) = failed(&outcome);
    assert!(blames_image && restored, "{message}");
    assert!(message.contains("it is unhealthy"), "{message}");
    assert_eq!(world.deploy(2, "v3", &well).await, Progress::Succeeded);
}

#[tokio::test]
async fn what_runs_the_image_already_is_left_alone() {
    let Some(world) = World::new() else { return };
    let v1 = world.push("v1", SERVE).await;
    let id = world.run("v1", |_| {}).await;
    assert_eq!(world.deploy(1, "v1", &v1).await, Progress::Succeeded);
    assert_eq!(world.container().await["Id"], id);
    assert_eq!(world.made().await, 0);
}

#[tokio::test]
async fn the_labels_of_compose_stay_and_tell_the_new_image() {
    let Some(world) = World::new() else { return };
    world.push("v1", SERVE).await;
    let v2 = world.push("v2", SERVE).await;
    world
        .run("v1", |body| {
            body["Labels"] = json!({
                "com.docker.compose.project": "shop", "com.docker.compose.service": "web",
                "com.docker.compose.config-hash": "abc", "com.docker.compose.image": "sha256:old",
            });
        })
        .await;
    assert_eq!(world.deploy(1, "v2", &v2).await, Progress::Succeeded);
    let container = world.container().await;
    let labels = &container["Config"]["Labels"];
    assert_eq!(labels["com.docker.compose.config-hash"], "abc");
    assert_eq!(labels["com.docker.compose.image"], container["Image"]);
}

#[tokio::test]
async fn a_container_that_somebody_else_replaced_meanwhile_is_left_to_him() {
    let Some(world) = World::with_v1().await else {
        return;
    };
    let v2 = world.push("v2", SERVE).await;
    let deployer = world.deployer();
    let apply = world.apply(1, "v2", &v2);
    let handle = deployer.apply(&apply).await.expect("accepted").handle;
    world.remove(&world.name).await;
    let theirs = world.run("v1", |_| {}).await;
    let outcome = follow_to_end(&*deployer, &Rollout { apply, handle }).await;
    assert_eq!(outcome, Progress::Superseded);
    assert_eq!(world.container().await["Id"], theirs);
    assert_eq!(world.names().await.len(), 1);
}

#[tokio::test]
async fn what_was_changed_after_it_was_accepted_comes_back_with_what_ran_before() {
    let Some(world) = World::with_v1().await else {
        return;
    };
    let v2 = world.push("v2", FAIL).await;
    let deployer = world.deployer();
    let apply = world.apply(1, "v2", &v2);
    let handle = deployer.apply(&apply).await.expect("accepted").handle;
    let policy = json!({ "Name": "on-failure", "MaximumRetryCount": 3 });
    world.update(&json!({ "RestartPolicy": policy })).await;
    let outcome = follow_to_end(&*deployer, &Rollout { apply, handle }).await;
    assert!(failed(&outcome).1, "what ran before runs again");
    let back = &world.container().await["HostConfig"]["RestartPolicy"];
    assert_eq!(*back, policy);
}

#[tokio::test]
async fn labels_that_somebody_copied_to_another_image_are_no_mark() {
    let Some(world) = World::with_v1().await else {
        return;
    };
    let v2 = world.push("v2", SERVE).await;
    assert_eq!(world.deploy(1, "v2", &v2).await, Progress::Succeeded);
    let labels = world.container().await["Config"]["Labels"].clone();
    world.remove(&world.name).await;
    world.run("v1", |body| body["Labels"] = labels).await;
    let running = world.deployer().running(&world.workload()).await;
    let running = running.expect("it can be asked for").expect("it runs");
    assert_eq!((running.mark, running.tag), (None, None));
    assert_eq!(
        running.image.tag().map(ToString::to_string).as_deref(),
        Some("v1")
    );
}
