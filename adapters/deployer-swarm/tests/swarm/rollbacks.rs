//! Updates that Swarm does not bring to their end, and services that are no longer what they were.

use registrywatcher::ports::{Deployer, Progress};
use registrywatcher_conformance::deployer::follow_to_end;
use serde_json::Value;

use crate::support::{World, edit, failed, roll_back};

fn on_failure(action: &'static str) -> impl FnOnce(&mut Value) {
    move |spec| spec["UpdateConfig"]["FailureAction"] = action.into()
}

#[tokio::test]
async fn an_update_that_swarm_pauses_has_failed_and_what_ran_before_can_be_deployed_over_it() {
    let Some(world) = World::with_v1(on_failure("pause")).await else {
        return;
    };
    let outcome = world.deploy(1, "v3", &world.images.fails).await;
    let (blames_image, restored, message) = failed(&outcome);
    assert!(blames_image && !restored, "{message}");
    assert!(message.contains("update paused"), "{message}");
    assert_eq!(world.running().await.digest(), Some(&world.images.fails));

    let before = world.deploy(2, "v1", &world.images.v1).await;
    assert_eq!(before, Progress::Succeeded);
}

#[tokio::test]
async fn an_update_that_goes_on_whatever_fails_has_failed_once_its_tasks_do_not_stay_up() {
    let Some(world) = World::with_v1(on_failure("continue")).await else {
        return;
    };
    let well = world.deploy(1, "v2", &world.images.v2).await;
    assert_eq!(well, Progress::Succeeded);
    let outcome = world.deploy(2, "v3", &world.images.fails).await;
    let (blames_image, restored, message) = failed(&outcome);
    assert!(blames_image && !restored, "{message}");
    assert!(message.contains("do not stay up"), "{message}");
}

#[tokio::test]
async fn a_rollback_that_somebody_asked_for_is_not_the_image_s_fault() {
    let Some(world) = World::with_v1(|_| {}).await else {
        return;
    };
    let undecided = &world.images.undecided;
    let rollout = world.accept(world.apply(1, "v4", undecided)).await;
    roll_back(world.engine, &world.name).await;
    let outcome = follow_to_end(&*world.deployer(), &rollout).await;
    let (blames_image, restored, message) = failed(&outcome);
    assert!(!blames_image && restored, "{message}");
    assert!(message.contains("somebody rolled it back"), "{message}");
    let running = world.running().await;
    assert_eq!(running.to_string(), world.reference("v1"));

    // Whoever does not know whether it was accepted asks again.
    let again = world.accept(world.apply(1, "v4", undecided)).await;
    let outcome = follow_to_end(&*world.deployer(), &again).await;
    assert!(matches!(failed(&outcome), (false, true, _)), "{outcome:?}");
}

#[tokio::test]
async fn what_swarm_rolled_back_while_nobody_looked_is_not_begun_anew() {
    let Some(world) = World::with_v1(|_| {}).await else {
        return;
    };
    world
        .accept(world.apply(1, "v3", &world.images.fails))
        .await;
    world.wait_for_update("rollback_completed").await;
    let service = world.service().await;
    assert_eq!(service.get("PreviousSpec"), None, "Swarm forgets it");
    let version = service["Version"].clone();
    let outcome = world.deploy(1, "v3", &world.images.fails).await;
    assert!(matches!(failed(&outcome), (true, true, _)), "{outcome:?}");
    assert_eq!(world.service().await["Version"], version);
}

#[tokio::test]
async fn a_service_that_was_removed_or_made_anew_is_no_longer_ours() {
    let Some(world) = World::with_v1(|_| {}).await else {
        return;
    };
    let rollout = world
        .accept(world.apply(1, "v4", &world.images.undecided))
        .await;
    world.remove().await;
    let progress = world.deployer().follow(&rollout).await;
    let (blames_image, restored, message) = failed(&progress.expect("it can be followed"));
    assert!(!blames_image && !restored, "{message}");
    assert!(message.contains("removed"), "{message}");

    world.create(&world.name, |_| {}).await;
    let progress = world.deployer().follow(&rollout).await;
    assert_eq!(progress.expect("it can be followed"), Progress::Superseded);
}

#[tokio::test]
async fn labels_that_somebody_kept_beside_another_image_are_no_mark() {
    let Some(world) = World::with_v1(|_| {}).await else {
        return;
    };
    let v2 = &world.images.v2;
    assert_eq!(world.deploy(1, "v2", v2).await, Progress::Succeeded);
    let theirs = format!("{}@{}", world.reference("v9"), world.images.theirs);
    let by_hand = |spec: &mut Value| {
        spec["TaskTemplate"]["ContainerSpec"]["Image"] = theirs.as_str().into();
    };
    edit(world.engine, &world.name, by_hand).await;
    let running = world.deployer().running(&world.workload()).await;
    let running = running.expect("it can be asked for").expect("it runs");
    assert_eq!(running.image.to_string(), theirs);
    assert_eq!((running.mark, running.tag), (None, None));
}
