//! What does not end in time.

use std::time::Duration;

use registrywatcher::app::Advance;
use registrywatcher::deployment::DeploymentId;

use super::house::{House, running_v1, tag};

/// Looks at the one deployment an hour after it was accepted.
async fn too_late(house: &House) -> DeploymentId {
    let id = house.app.open_deployments()[0];
    house.clock.advance(Duration::from_hours(1));
    let advance = house.app.advance(id, std::future::pending()).await;
    assert_eq!(advance, Advance::Ended);
    id
}

#[tokio::test]
async fn a_rollout_that_never_ends_is_given_up_at_its_deadline_and_let_go_of() {
    let house = running_v1().await;
    house.deployer.hold_rollouts();
    house.push("v1.1.0", 2);
    house.turn().await;
    assert_eq!(house.deployer.let_go_of(), []);
    let id = too_late(&house).await;
    assert_eq!(house.history(), [("v1.1.0".to_owned(), "failed")]);
    assert_eq!(house.deployer.let_go_of(), [id]);
}

#[tokio::test]
async fn what_could_not_be_stored_as_overdue_is_not_let_go_of_yet() {
    let house = running_v1().await;
    house.deployer.hold_rollouts();
    house.push("v1.1.0", 2);
    house.turn().await;
    let id = house.app.open_deployments()[0];
    house.clock.advance(Duration::from_hours(1));
    house.store.fail_next(1);
    let advance = house.app.advance(id, std::future::pending()).await;
    assert!(matches!(advance, Advance::After(_)));
    assert_eq!(house.deployer.let_go_of(), []);
    house.app.advance(id, std::future::pending()).await;
    assert_eq!(house.deployer.let_go_of(), [id]);
}

#[tokio::test]
async fn what_ends_in_time_is_not_let_go_of() {
    let house = running_v1().await;
    house.push("v1.1.0", 2);
    house.turn().await;
    house.assert_runs("web", 2);
    assert_eq!(house.deployer.let_go_of(), []);
}

#[tokio::test]
async fn canaries_that_nobody_promotes_are_given_up_at_the_deadline_and_tried_again_later() {
    let house = running_v1().await;
    house.deployer.hold_at_canaries(tag("v1.1.0"));
    house.push("v1.1.0", 2);
    house.turn().await;
    too_late(&house).await;
    assert_eq!(house.history(), [("v1.1.0".to_owned(), "failed")]);
    assert_eq!(house.deployer.running_digest("web"), None, "as before us");
    house.poll().await;
    assert_eq!(house.holds(), ["backing_off"]);
}
