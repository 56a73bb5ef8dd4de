//! Which containers ask to be watched.

use registrywatcher::ports::{Deployer, Discovered, Progress};
use registrywatcher_conformance::samples;
use serde_json::{Value, json};

use crate::support::{FAIL, SERVE, World};

const POLICY: &str = "registrywatcher.policy";

impl World {
    /// What is found of this test's: the others have containers in the same engine.
    async fn discovered(&self) -> Vec<Discovered> {
        let found = self.deployer().discover().await;
        let mut found = found.expect("it can be looked for");
        found.retain(|one| {
            let name = one.workload.address.get("container").unwrap_or_default();
            name == self.name || name.starts_with(&format!("{}-", self.name))
        });
        found
    }
}

fn labelled(body: &mut Value) {
    body["Labels"] =
        json!({ (POLICY): "semver:^1", "registrywatcher.interval": "5m", "owner": "shop" });
}

#[tokio::test]
async fn a_container_with_the_label_is_found_with_its_image_and_its_settings() {
    let Some(world) = World::with_v1().await else {
        return;
    };
    assert_eq!(world.discovered().await, [], "it has no label");
    let v1 = world.reference("v1");
    let (first, second) = (format!("{}-a", world.name), format!("{}-b", world.name));
    world.run_here(&second, &v1, labelled).await;
    world.run_here(&first, &v1, labelled).await;

    let found = world.discovered().await;
    let expected = [&first, &second].map(|name| Discovered {
        workload: samples::workload("engine", &[("container", name)]),
        image: v1.clone(),
        labels: [(POLICY, "semver:^1"), ("registrywatcher.interval", "5m")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
    });
    assert_eq!(found, expected);
    let unit = world.deployer().unit(&found[0].workload);
    assert!(unit.is_ok(), "its address is one: {unit:?}");
}

#[tokio::test]
async fn a_container_that_was_stopped_is_still_found() {
    let Some(world) = World::new() else { return };
    world.push("v1", SERVE).await;
    world.run("v1", labelled).await;
    world.act(&world.name, "stop").await;
    assert_eq!(world.discovered().await.len(), 1);
}

#[tokio::test]
async fn containers_that_others_replace_are_not_found() {
    let Some(world) = World::with_v1().await else {
        return;
    };
    for (number, (theirs, value)) in [
        ("com.docker.swarm.service.id", "x"),
        ("com.hashicorp.nomad.alloc_id", "x"),
        ("io.kubernetes.pod.name", "x"),
        ("com.docker.compose.oneoff", "True"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("{}-{number}", world.name);
        let labels = json!({ (POLICY): "semver", (theirs): value });
        let change = |body: &mut Value| body["Labels"] = labels;
        world.run_here(&name, &world.reference("v1"), change).await;
    }
    assert_eq!(world.discovered().await, []);
}

#[tokio::test]
async fn while_it_is_deployed_and_after_a_workload_is_found_once_and_our_marks_are_no_settings() {
    let Some(world) = World::new() else { return };
    world.push("v1", SERVE).await;
    let v2 = world.push("v2", SERVE).await;
    let v3 = world.push("v3", FAIL).await;
    world.run("v1", labelled).await;
    let before = world.discovered().await;

    let deploy_and_look = async |id, tag, digest| {
        let deployment = world.deploy(id, tag, digest);
        let looks = async {
            loop {
                assert_eq!(world.discovered().await.len(), 1);
            }
        };
        tokio::select! {
            progress = deployment => progress,
            () = looks => unreachable!("it looks for as long as it is deployed"),
        }
    };
    let outcome = deploy_and_look(1, "v3", &v3).await;
    assert!(matches!(outcome, Progress::Failed { restored: true, .. }));
    assert_eq!(world.names().await.len(), 2, "one is kept for its logs");
    assert_eq!(world.discovered().await, before);

    assert_eq!(deploy_and_look(2, "v2", &v2).await, Progress::Succeeded);
    let after = world.discovered().await;
    assert_eq!(after.len(), 1);
    assert_eq!(after[0].labels, before[0].labels);
    let (repository, digest) = after[0].image.rsplit_once('@').expect("it is pinned");
    assert_eq!(digest, v2.to_string());
    assert!(before[0].image.starts_with(repository));
}
