//! What an operator asks for.

use registrywatcher::app::{CommandError, DeployNow, IntentChange};
use registrywatcher::intent::Target;
use registrywatcher_memory::RegistryFault;

use super::house::{House, job, operator, tag};

async fn running_v1() -> House {
    let house = House::with_workload("registry.example/acme/web:v1.0.0").await;
    house.push("v1.0.0", 1);
    house.turn().await;
    house
}

fn pin(text: &str) -> IntentChange {
    IntentChange {
        target: Some(Target::Pin(tag(text))),
        ..IntentChange::default()
    }
}

fn auto_deploy(on: bool) -> IntentChange {
    IntentChange {
        auto_deploy: Some(on),
        ..IntentChange::default()
    }
}

impl House {
    async fn change(&self, change: &IntentChange) -> Result<(), CommandError> {
        self.app
            .change_intent(&self.watches[0].name, change, &operator())
            .await?;
        self.drive().await;
        Ok(())
    }

    async fn deploy(&self, text: &str) -> Result<(), CommandError> {
        let demand = DeployNow {
            tag: Some(tag(text)),
            workload: None,
            overrides_freeze: false,
            once: None,
        };
        self.app
            .deploy_now(&self.watches[0].name, &demand, &operator())
            .await?;
        self.drive().await;
        Ok(())
    }
}

#[tokio::test]
async fn a_tag_pushed_a_second_ago_can_be_pinned() {
    let house = running_v1().await;
    house.push("hotfix", 9);
    house.change(&pin("hotfix")).await.unwrap();
    house.assert_runs("web", 9);
    house.push("v2.0.0", 3);
    house.turn().await;
    house.assert_runs("web", 9);
}

#[tokio::test]
async fn a_pinned_tag_is_followed_by_digest() {
    let house = running_v1().await;
    house.push("stable", 5);
    house.change(&pin("stable")).await.unwrap();
    house.push("stable", 6);
    house.turn().await;
    house.assert_runs("web", 6);
}

#[tokio::test]
async fn asking_for_what_already_runs_replaces_it() {
    let house = running_v1().await;
    house.push("v1.1.0", 2);
    house.turn().await;
    let before = house.deployer.generation("web");
    house.deploy("v1.1.0").await.unwrap();
    assert_eq!(house.deployer.generation("web"), before + 1);
    house.assert_runs("web", 2);
}

#[tokio::test]
async fn asking_for_an_older_tag_holds_until_something_newer_appears() {
    let house = running_v1().await;
    house.push("v1.1.0", 2);
    house.turn().await;
    house.deploy("v1.0.0").await.unwrap();
    house.assert_runs("web", 1);
    house.turn().await;
    assert_eq!(house.holds(), ["operator_hold"]);
    house.assert_runs("web", 1);
    house.push("v1.2.0", 3);
    house.turn().await;
    house.assert_runs("web", 3);
}

#[tokio::test]
async fn a_tag_that_does_not_exist_changes_nothing() {
    let house = running_v1().await;
    let before = house.view().intent;
    assert!(matches!(
        house.change(&pin("nope")).await,
        Err(CommandError::TagNotFound { .. })
    ));
    assert_eq!(house.view().intent, before);
}

#[tokio::test]
async fn a_registry_that_cannot_be_asked_changes_nothing() {
    let house = running_v1().await;
    let before = house.view().intent;
    house.registry.set_fault(Some(RegistryFault::Unavailable));
    assert!(matches!(
        house.change(&pin("v1.0.0")).await,
        Err(CommandError::Registry(_))
    ));
    assert_eq!(house.view().intent, before);
}

#[tokio::test]
async fn nothing_is_deployed_with_auto_deploy_off_and_all_is_found_when_it_is_on_again() {
    let house = running_v1().await;
    house.change(&auto_deploy(false)).await.unwrap();
    house.push("v1.1.0", 2);
    house.turn().await;
    assert_eq!(house.holds(), ["auto_deploy_off"]);
    house.change(&auto_deploy(true)).await.unwrap();
    house.assert_runs("web", 2);
}

#[tokio::test]
async fn a_lost_race_is_noticed() {
    let house = running_v1().await;
    let known = house.view().intent.revision;
    house.change(&auto_deploy(false)).await.unwrap();
    let late = IntentChange {
        expected: Some(known),
        ..auto_deploy(true)
    };
    assert!(matches!(
        house.change(&late).await,
        Err(CommandError::Stale { .. })
    ));
    assert!(!house.view().intent.auto_deploy);
}

#[tokio::test]
async fn reset_tracks_again_and_deploys() {
    let house = running_v1().await;
    house.push("v1.1.0", 2);
    house
        .change(&IntentChange {
            auto_deploy: Some(false),
            ..pin("v1.0.0")
        })
        .await
        .unwrap();
    house.turn().await;
    house
        .app
        .reset(&house.watches[0].name, &operator())
        .await
        .unwrap();
    house.drive().await;
    house.assert_runs("web", 2);
    let intent = house.view().intent;
    assert_eq!((intent.target, intent.auto_deploy), (Target::Track, true));
}

#[tokio::test]
async fn tracking_again_acts_at_once() {
    let house = running_v1().await;
    house.change(&pin("v1.0.0")).await.unwrap();
    house.push("v1.1.0", 2);
    house.turn().await;
    house.assert_runs("web", 1);
    let track = IntentChange {
        target: Some(Target::Track),
        ..IntentChange::default()
    };
    house.change(&track).await.unwrap();
    house.assert_runs("web", 2);
}

#[tokio::test]
async fn a_request_takes_the_place_of_a_rollout_of_the_same_workload() {
    let house = running_v1().await;
    house.deployer.hold_rollouts();
    house.push("v1.1.0", 2);
    house.turn().await;
    house.push("v1.0.1", 4);
    house.deployer.release_rollouts();
    house.deploy("v1.0.1").await.unwrap();
    house.drive().await;
    house.assert_runs("web", 4);
    let history = house.history();
    assert_eq!(history[0], ("v1.1.0".to_owned(), "superseded"));
    assert_eq!(history[1], ("v1.0.1".to_owned(), "succeeded"));
}

#[tokio::test]
async fn a_request_that_cannot_be_served_in_time_is_dropped() {
    let house = running_v1().await;
    house.deployer.break_down();
    house.clock.advance(std::time::Duration::from_mins(10));
    house.poll().await;
    house.deploy("v1.0.0").await.unwrap();
    assert_eq!(house.holds(), ["running_unknown"]);
    house.clock.advance(std::time::Duration::from_hours(2));
    house.poll().await;
    assert!(house.view().requests.is_empty());
    assert!(house.events().contains(&"request_dropped"));
}

#[tokio::test]
async fn an_unknown_watch_or_workload_is_named() {
    let house = running_v1().await;
    let demand = DeployNow {
        tag: None,
        workload: Some(job("other")),
        overrides_freeze: false,
        once: None,
    };
    let refused = house
        .app
        .deploy_now(&house.watches[0].name, &demand, &operator())
        .await;
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("production:job=other")
    );
    let unknown = house.app.reset(&"nope".parse().unwrap(), &operator()).await;
    assert!(matches!(unknown, Err(CommandError::UnknownWatch { .. })));
}
