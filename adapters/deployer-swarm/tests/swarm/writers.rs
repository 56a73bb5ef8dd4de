//! Others who write at the same time, and answers that are lost.

use registrywatcher::ports::{DeployError, Deployer, Progress, Rollout};
use registrywatcher_conformance::deployer::follow_to_end;
use serde_json::Value;

use crate::between::Between;
use crate::support::{World, edit};

#[tokio::test]
async fn one_who_is_always_faster_makes_the_service_unavailable() {
    let Some(world) = World::with_v1(|_| {}).await else {
        return;
    };
    let between = Between::before(world.engine.socket()).await;
    let (engine, name) = (world.engine, world.name.clone());
    between.move_first(usize::MAX, move || {
        let name = name.clone();
        async move {
            let count = |spec: &mut Value| {
                let edits = spec["Labels"]["edits"].as_str().unwrap_or_default();
                spec["Labels"]["edits"] = format!("{edits}+").into();
            };
            edit(engine, &name, count).await;
        }
    });
    let deployer = world.deployer_at(between.address());
    let apply = world.apply(1, "v2", &world.images.v2);
    let answer = deployer.apply(&apply).await;
    let Err(error @ DeployError::Unavailable { .. }) = answer else {
        panic!("it is given up, got {answer:?}")
    };
    assert!(
        error.to_string().contains("update out of sequence"),
        "{error}"
    );
    let edits = format!("{:+<1$}", "", between.updates());
    assert_eq!(world.spec().await["Labels"]["edits"], edits, "none is lost");
    let running = world.running().await;
    assert_eq!(running.to_string(), world.reference("v1"));
}

#[tokio::test]
async fn an_update_whose_answer_is_lost_is_made_once() {
    let Some(world) = World::with_v1(|_| {}).await else {
        return;
    };
    let between = Between::before(world.engine.socket()).await;
    between.lose_answer();
    let deployer = world.deployer_at(between.address());
    let apply = world.apply(1, "v2", &world.images.v2);
    let accepted = deployer.apply(&apply).await.expect("it is accepted");
    assert_eq!(between.updates(), 1);
    let handle = accepted.handle;
    let progress = follow_to_end(&*deployer, &Rollout { apply, handle }).await;
    assert_eq!(progress, Progress::Succeeded);
    assert_eq!(world.replacements().await, 1);
}
