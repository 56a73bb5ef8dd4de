//! What was recorded and has not started is not started any more once it is not wanted.

use std::time::Duration;

use registrywatcher::app::{IntentChange, NewFreeze};
use registrywatcher::intent::Target;
use registrywatcher::ports::Clock;

use super::house::{House, operator, running_v1, tag};

/// A deployment of v1.1.0 waits to be started, as after a crash.
async fn waiting() -> House {
    let house = House::with_workload("registry.example/acme/web:v1.0.0").await;
    house.push("v1.0.0", 1);
    house.turn().await;
    house.push("v1.1.0", 2);
    house.clock.advance(Duration::from_mins(1));
    house.poll().await;
    assert_eq!(house.history(), [("v1.1.0".to_owned(), "requested")]);
    house
}

async fn change(house: &House, change: IntentChange) {
    let name = &house.watches[0].name;
    let app = &house.app;
    app.change_intent(name, &change, &operator()).await.unwrap();
}

#[tokio::test]
async fn auto_deploy_is_switched_off_meanwhile() {
    let house = waiting().await;
    let off = IntentChange {
        auto_deploy: Some(false),
        ..IntentChange::default()
    };
    change(&house, off).await;
    house.drive().await;
    assert_eq!(house.history(), [("v1.1.0".to_owned(), "abandoned")]);
    assert!(house.deployer.applied().is_empty());
    assert_eq!(house.holds(), ["auto_deploy_off", "backing_off"]);
}

#[tokio::test]
async fn everything_is_frozen_meanwhile_and_it_is_recorded_anew_later() {
    let house = waiting().await;
    let freeze = NewFreeze {
        watch: None,
        until: house.clock.now() + Duration::from_mins(5),
        reason: "the fair is on".to_owned(),
    };
    house.app.freeze(&freeze, &operator()).await.unwrap();
    house.drive().await;
    assert!(house.deployer.applied().is_empty());
    house.clock.advance(Duration::from_mins(5));
    house.turn().await;
    let history: Vec<&str> = house.history().iter().map(|(_, state)| *state).collect();
    assert_eq!(history, ["abandoned", "succeeded"]);
}

#[tokio::test]
async fn a_pin_to_another_tag_wins() {
    let house = waiting().await;
    let pin = IntentChange {
        target: Some(Target::Pin(tag("v1.0.0"))),
        ..IntentChange::default()
    };
    change(&house, pin).await;
    house.drive().await;
    house.assert_runs("web", 1);
    assert_eq!(house.deployer.applied().len(), 1, "what was pinned");
}

#[tokio::test]
async fn what_an_operator_asked_for_starts_all_the_same() {
    let house = waiting().await;
    let off = IntentChange {
        target: Some(Target::Pin(tag("v1.1.0"))),
        auto_deploy: Some(false),
        ..IntentChange::default()
    };
    change(&house, off).await;
    house.drive().await;
    house.assert_runs("web", 2);
}

#[tokio::test]
async fn what_somebody_else_deploys_while_the_orchestrator_is_asked_is_not_taken_back_to_a_lower_version()
 {
    let house = running_v1().await;
    house.push("v1.1.0", 2);
    house
        .deployer
        .deploy_outside_meanwhile("web", "registry.example/acme/web:v2.0.0");
    house.turn().await;
    assert_eq!(house.history(), [("v1.1.0".to_owned(), "abandoned")]);
    assert!(house.deployer.applied().is_empty());
    house.turn().await;
    assert_eq!(house.holds(), ["would_downgrade"]);
}

#[tokio::test]
async fn what_somebody_else_deploys_meanwhile_gives_way_to_what_is_newer() {
    let house = running_v1().await;
    house.push("v1.1.0", 2);
    house
        .deployer
        .deploy_outside_meanwhile("web", "registry.example/acme/web:v1.0.1");
    house.turn().await;
    house.assert_runs("web", 2);
}
