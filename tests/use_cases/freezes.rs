//! Deployments stop for a while: because somebody says so, or because too many failed.

use std::time::Duration;

use registrywatcher::app::{CommandError, DeployNow, IntentChange, NewFreeze};
use registrywatcher::freeze::{Breaker, Stops};
use registrywatcher::intent::Target;
use registrywatcher::ports::Clock;
use registrywatcher::watch::WatchName;

use super::house::{House, operator, tag};

async fn running_v1() -> House {
    let house = House::with_workload("registry.example/acme/web:v1.0.0").await;
    house.push("v1.0.0", 1);
    house.turn().await;
    house
}

async fn freeze(house: &House, watch: Option<&WatchName>, lasting: Duration) {
    let new = NewFreeze {
        watch: watch.cloned(),
        until: house.clock.now() + lasting,
        reason: "holidays".to_owned(),
    };
    house.app.freeze(&new, &operator()).await.unwrap();
}

#[tokio::test]
async fn a_freeze_holds_what_is_new_until_it_expires_also_over_a_restart() {
    for whole in [true, false] {
        let mut house = running_v1().await;
        let name = house.watches[0].name.clone();
        freeze(&house, (!whole).then_some(&name), Duration::from_mins(10)).await;
        house.push("v1.1.0", 2);
        house.turn().await;
        house.restart().await;
        house.turn().await;
        assert!(house.deployer.applied().is_empty());
        assert_eq!(house.holds(), ["frozen"]);
        house.clock.advance(Duration::from_mins(8));
        house.turn().await;
        house.assert_runs("web", 2);
    }
}

#[tokio::test]
async fn what_is_asked_for_while_frozen_is_refused_unless_it_overrides() {
    let house = running_v1().await;
    let name = house.watches[0].name.clone();
    freeze(&house, None, Duration::from_mins(10)).await;
    let pin = IntentChange {
        target: Some(Target::Pin(tag("v1.0.0"))),
        ..IntentChange::default()
    };
    let refused = house.app.change_intent(&name, &pin, &operator()).await;
    assert!(matches!(refused, Err(CommandError::Frozen { .. })));
    let refused = house.app.reset(&name, &operator()).await;
    assert!(matches!(refused, Err(CommandError::Frozen { .. })));
    let now = |overrides_freeze| DeployNow {
        overrides_freeze,
        ..DeployNow::default()
    };
    let refused = house.app.deploy_now(&name, &now(false), &operator()).await;
    assert!(matches!(refused, Err(CommandError::Frozen { .. })));
    house.push("v1.1.0", 2);
    let insisted = house.app.deploy_now(&name, &now(true), &operator()).await;
    insisted.unwrap();
    house.drive().await;
    house.assert_runs("web", 2);
}

#[tokio::test]
async fn a_freeze_can_be_ended_and_acts_at_once() {
    let house = running_v1().await;
    freeze(&house, None, Duration::from_hours(10)).await;
    house.push("v1.1.0", 2);
    house.turn().await;
    assert!(house.app.frozen().is_some());
    house.app.unfreeze(None, &operator()).await.unwrap();
    assert!(house.app.frozen().is_none());
    house.drive().await;
    house.assert_runs("web", 2);
    let told = house.events();
    let freezes = told.iter().filter(|kind| kind.ends_with("frozen"));
    assert_eq!(freezes.collect::<Vec<_>>(), [&"frozen", &"unfrozen"]);
    house.app.unfreeze(None, &operator()).await.unwrap();
    assert_eq!(house.events(), told, "there was nothing to end");
}

#[tokio::test]
async fn a_freeze_in_the_past_is_refused() {
    let house = running_v1().await;
    let new = NewFreeze {
        watch: None,
        until: house.clock.now(),
        reason: String::new(),
    };
    let refused = house.app.freeze(&new, &operator()).await;
    assert!(matches!(refused, Err(CommandError::FreezeInThePast { .. })));
}

#[tokio::test]
async fn too_many_failures_freeze_what_nobody_asked_for() {
    let mut house = running_v1().await;
    house
        .reconfigure(|settings| {
            settings.breaker = Some(Breaker {
                failures: 2,
                within: Duration::from_mins(30),
                freeze_for: Duration::from_hours(1),
            });
        })
        .await;
    house.deployer.fail_next_image("exited with 1", true);
    house.push("v1.1.0", 2);
    house.turn().await;
    assert!(house.app.frozen().is_none());
    house.restart().await;
    house.deployer.fail_next_image("exited with 1", true);
    house.push("v1.2.0", 3);
    house.turn().await;
    let freeze = house.app.frozen().expect("two failed");
    assert_eq!(freeze.stops, Stops::Automatic);
    house.push("v1.3.0", 4);
    house.turn().await;
    assert_eq!(house.holds(), ["frozen"]);
    let name = house.watches[0].name.clone();
    let asked = DeployNow::default();
    let asked = house.app.deploy_now(&name, &asked, &operator()).await;
    asked.unwrap();
    house.drive().await;
    house.assert_runs("web", 4);
}
