//! The configuration changes between two starts.

use registrywatcher::app::IntentChange;
use registrywatcher::intent::Target;
use registrywatcher::watch::Watch;

use super::house::{House, operator, tag, watch};

async fn pinned_to_v1() -> House {
    let house = House::with_workload("registry.example/acme/web:v1.0.0").await;
    house.push("v1.0.0", 1);
    house.turn().await;
    let pin = IntentChange {
        target: Some(Target::Pin(tag("v1.0.0"))),
        ..IntentChange::default()
    };
    house
        .app
        .change_intent(&house.watches[0].name, &pin, &operator())
        .await
        .unwrap();
    house.drive().await;
    house
}

#[tokio::test]
async fn an_intent_survives_a_restart() {
    let mut house = pinned_to_v1().await;
    house.restart().await;
    assert_eq!(house.view().intent.target, Target::Pin(tag("v1.0.0")));
}

#[tokio::test]
async fn a_renamed_watch_keeps_its_intent() {
    let mut house = pinned_to_v1().await;
    let formerly = Some(house.watches[0].name.clone());
    house.watches = vec![Watch {
        name: "shop".parse().unwrap(),
        formerly,
        ..watch(&["web"])
    }];
    house.restart().await;
    assert_eq!(house.view().intent.target, Target::Pin(tag("v1.0.0")));
    assert!(house.events().contains(&"watch_retired"));
}

#[tokio::test]
async fn a_pin_is_dropped_when_the_repository_changes() {
    let mut house = pinned_to_v1().await;
    let image = "registry.example/acme/other".parse().unwrap();
    house.watches = vec![Watch {
        image,
        ..watch(&["web"])
    }];
    house.restart().await;
    assert_eq!(house.view().intent.target, Target::Track);
    assert!(house.events().contains(&"repository_changed"));
}

#[tokio::test]
async fn a_workload_that_another_watch_deployed_starts_held() {
    let mut house = pinned_to_v1().await;
    house.watches = vec![Watch {
        name: "shop".parse().unwrap(),
        ..watch(&["web"])
    }];
    house.push("v1.1.0", 2);
    house.restart().await;
    house.turn().await;
    assert_eq!(house.holds(), ["auto_deploy_off"]);
}

#[tokio::test]
async fn a_deployment_of_a_retired_watch_is_driven_to_its_end() {
    let mut house = House::with_workload("registry.example/acme/web:v1.0.0").await;
    house.push("v1.0.0", 1);
    house.turn().await;
    house.push("v1.1.0", 2);
    house.clock.advance(std::time::Duration::from_mins(1));
    house.poll().await;
    house.watches = Vec::new();
    house.restart().await;
    house.drive().await;
    assert_eq!(house.history(), [("v1.1.0".to_owned(), "succeeded")]);
}
