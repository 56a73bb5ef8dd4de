//! What failed is not deployed again by itself, and what worked before comes back.

use std::time::Duration;

use registrywatcher::app::{CommandError, DeployNow, NewFreeze, RollBack};
use registrywatcher::deployment::{Cause, Failure};
use registrywatcher::ports::{Clock, Progress};

use super::house::{House, operator, tag, watch};

/// A watch whose `v1.1.0` was deployed by us; everything before it ran before us.
async fn deployed() -> House {
    let house = House::with_workload("registry.example/acme/web:v1.0.0").await;
    house.push("v1.0.0", 1);
    house.turn().await;
    house.push("v1.1.0", 2);
    house.turn().await;
    house.assert_runs("web", 2);
    house
}

#[tokio::test]
async fn what_succeeded_last_is_brought_back_where_the_orchestrator_does_not() {
    let house = deployed().await;
    house.deployer.fail_next_image("exited with 1", false);
    house.push("v1.2.0", 3);
    house.turn().await;
    house.turn().await;
    house.assert_runs("web", 2);
    let history = house.history();
    let last = [("v1.2.0".into(), "failed"), ("v1.1.0".into(), "succeeded")];
    assert_eq!(history[1..], last);
    let deployments = house.store.all_deployments();
    let failed = deployments[1].id;
    assert_eq!(deployments[2].cause, Cause::Restore { failed });
    assert_eq!(house.holds(), ["quarantined"]);
    house.turn().await;
    assert_eq!(house.history().len(), 3, "and that is the end of it");
}

#[tokio::test]
async fn what_ran_before_us_is_brought_back_too() {
    let house = House::with_workload("registry.example/acme/web:v1.0.0").await;
    house.push("v1.0.0", 1);
    house.turn().await;
    house.deployer.fail_next_image("exited with 1", false);
    house.push("v1.1.0", 2);
    house.turn().await;
    house.turn().await;
    house.assert_runs("web", 1);
}

#[tokio::test]
async fn bringing_back_is_tried_again_while_the_orchestrator_cannot() {
    let house = deployed().await;
    house.deployer.fail_next_image("exited with 1", false);
    let message = "no capacity".to_owned();
    house
        .deployer
        .fail_next(Failure::Orchestrator { message }, false);
    house.push("v1.2.0", 3);
    house.turn().await;
    for _ in 0..3 {
        house.turn().await;
    }
    house.assert_runs("web", 2);
}

#[tokio::test]
async fn what_a_failure_left_behind_is_replaced_although_a_later_one_came_back_to_it() {
    for (later, n) in [("v1.2.0", 3), ("v1.3.0", 4)] {
        let house = deployed().await;
        house.deployer.hold_rollouts();
        house.push("v1.2.0", 3);
        house.turn().await;
        fail(&house, false).await;
        house.drive().await;
        house.push(later, n);
        // Instead of what is being brought back.
        let demand = DeployNow {
            tag: Some(tag(later)),
            ..DeployNow::default()
        };
        let name = &house.watches[0].name;
        let asked = house.app.deploy_now(name, &demand, &operator()).await;
        asked.unwrap();
        house.drive().await;
        fail(&house, true).await;
        house.assert_runs("web", 3);
        house.deployer.release_rollouts();
        house.turn().await;
        house.assert_runs("web", 2);
    }
}

/// Fails what rolls out by fault of its image.
async fn fail(house: &House, restored: bool) {
    let message = "exited with 1".to_owned();
    let reason = Failure::Image { message };
    let failed = Progress::Failed { reason, restored };
    house.deployer.finish("web", failed);
    for id in house.app.open_deployments() {
        house.app.advance(id, std::future::pending()).await;
    }
}

#[tokio::test]
async fn bringing_back_goes_on_after_a_crash() {
    let mut house = deployed().await;
    house.deployer.fail_next_image("exited with 1", false);
    house.push("v1.2.0", 3);
    house.clock.advance(std::time::Duration::from_mins(1));
    house.poll().await;
    house.restart().await;
    house.drive().await;
    house.restart().await;
    house.turn().await;
    house.turn().await;
    house.assert_runs("web", 2);
    assert_eq!(house.history().len(), 3);
}

#[tokio::test]
async fn a_released_image_is_deployed_again() {
    let house = deployed().await;
    house.deployer.fail_next_image("exited with 1", true);
    house.push("v1.2.0", 3);
    house.turn().await;
    house.turn().await;
    assert_eq!(house.holds(), ["quarantined"]);
    let name = &house.watches[0].name;
    let entries = house.app.quarantine(name).unwrap();
    let [entry] = &entries[..] else {
        panic!("{entries:?}")
    };
    house
        .app
        .release_from_quarantine(name, entry.deployment, &operator())
        .await
        .unwrap();
    assert!(house.app.quarantine(name).unwrap().is_empty());
    house.turn().await;
    house.assert_runs("web", 3);
    assert!(house.events().contains(&"quarantine_released"));
    let again = house
        .app
        .release_from_quarantine(name, entry.deployment, &operator())
        .await;
    assert!(matches!(again, Err(CommandError::NotQuarantined { .. })));
}

#[tokio::test]
async fn what_the_orchestrator_rolled_back_for_its_own_reasons_is_held_until_something_newer() {
    let house = deployed().await;
    let message = "no progress".to_owned();
    house
        .deployer
        .fail_next(Failure::Orchestrator { message }, true);
    house.push("v1.2.0", 3);
    house.turn().await;
    for _ in 0..5 {
        house.turn().await;
    }
    house.assert_runs("web", 2);
    assert_eq!(house.holds(), ["rolled_back"]);
    house.push("v1.2.1", 4);
    house.turn().await;
    house.assert_runs("web", 4);
    house.turn().await;
    assert_eq!(house.holds(), Vec::<&str>::new());
}

#[tokio::test]
async fn an_operator_goes_back_and_stays_there_until_something_newer() {
    let house = deployed().await;
    house.push("v1.2.0", 3);
    house.turn().await;
    house.assert_runs("web", 3);
    let before = house.registry.requests();
    roll_back(&house).await.unwrap();
    assert_eq!(house.registry.requests(), before, "nobody was asked");
    house.drive().await;
    house.assert_runs("web", 2);
    house.turn().await;
    house.assert_runs("web", 2);
    assert_eq!(house.holds(), ["operator_hold"]);
    house.push("v1.2.1", 4);
    house.turn().await;
    house.assert_runs("web", 4);
}

#[tokio::test]
async fn an_operator_goes_back_from_a_tag_that_was_pushed_again() {
    let house = deployed().await;
    house.push("v1.1.0", 3);
    for _ in 0..11 {
        house.turn().await;
    }
    house.assert_runs("web", 3);
    roll_back(&house).await.unwrap();
    house.drive().await;
    house.assert_runs("web", 2);
    for _ in 0..11 {
        house.turn().await;
    }
    house.assert_runs("web", 2);
    assert_eq!(house.holds(), ["operator_hold"]);
}

#[tokio::test]
async fn going_back_needs_something_to_go_back_to() {
    let house = House::with_watch(watch(&["web"]), "registry.example/acme/web:v1.0.0").await;
    house.push("v1.0.0", 1);
    house.turn().await;
    let refused = roll_back(&house).await;
    let nothing = matches!(refused, Err(CommandError::NothingBefore { .. }));
    assert!(nothing, "what runs is what ran before us: {refused:?}");
}

async fn roll_back(house: &House) -> Result<registrywatcher::app::Asked, CommandError> {
    let name = &house.watches[0].name;
    house
        .app
        .roll_back(name, &RollBack::default(), &operator())
        .await
}

#[tokio::test]
async fn what_a_bad_image_left_behind_is_not_forgotten_over_a_later_fault_of_the_orchestrator() {
    let house = House::with_workload("registry.example/acme/web:v1.0.0").await;
    house.push("v1.0.0", 1);
    house.turn().await;
    house.push("v1.1.0", 2);
    house.deployer.fail_next_image("unhealthy", false);
    house.clock.advance(Duration::from_mins(1));
    house.poll().await;
    let id = house.app.open_deployments()[0];
    house.app.advance(id, std::future::pending()).await;
    let name = &house.watches[0].name;
    let freeze = NewFreeze {
        watch: None,
        until: house.clock.now() + Duration::from_hours(1),
        reason: "the fair is on".to_owned(),
    };
    house.app.freeze(&freeze, &operator()).await.unwrap();
    house.drive().await;
    house.assert_runs("web", 2);
    house.deployer.refuse_next("the job is stopped");
    let again = DeployNow {
        tag: Some(tag("v1.1.0")),
        overrides_freeze: true,
        ..DeployNow::default()
    };
    house
        .app
        .deploy_now(name, &again, &operator())
        .await
        .unwrap();
    house.drive().await;
    house.app.unfreeze(None, &operator()).await.unwrap();
    house.turn().await;
    house.turn().await;
    house.assert_runs("web", 1);
}
