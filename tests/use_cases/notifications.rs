//! Events reach the sinks.

use std::collections::BTreeSet;

use registrywatcher::app::{Delivered, ReplayError};
use registrywatcher::event::EventKind;
use registrywatcher::intent::Author;

use super::house::House;

const SINK: &str = "memory";

async fn with_a_release() -> House {
    let house = House::with_workload("registry.example/acme/web:v1.0.0").await;
    house.push("v1.0.0", 1);
    house.turn().await;
    while house.app.deliver(SINK).await != Delivered::All {}
    house.push("v1.1.0", 2);
    house.turn().await;
    house
}

fn kinds(house: &House) -> Vec<&'static str> {
    house
        .notifier
        .delivered()
        .iter()
        .map(|event| event.kind.name())
        .collect()
}

#[test]
fn every_kind_of_event_has_its_name_in_the_list() {
    let samples = registrywatcher_conformance::store::samples::every_event();
    let named: BTreeSet<&str> = samples.iter().map(|event| event.kind.name()).collect();
    assert_eq!(named, EventKind::NAMES.into());
}

#[tokio::test]
async fn a_sink_that_takes_nothing_for_too_long_leaves_dead_letters_that_can_be_replayed() {
    let house = with_a_release().await;
    house.notifier.break_down(None);
    let later = Delivered::Later { retry_after: None };
    assert_eq!(house.app.deliver(SINK).await, later);
    house.clock.advance(house.settings.delivery_deadline);
    assert_eq!(
        house.app.deliver(SINK).await,
        later,
        "each has its own time"
    );
    house.notifier.recover();
    assert_eq!(house.app.deliver(SINK).await, Delivered::All);
    let letters = house.store.all_dead_letters();
    let [letter] = &letters[..] else {
        panic!("{letters:?}")
    };
    assert_eq!(letter.attempts, 2);
    house.notifier.refuse();
    let author = Author::new("ada");
    let replay = async || house.app.replay(SINK, letter.event, &author).await;
    let refused = replay().await;
    assert!(matches!(refused, Err(ReplayError::Sink(_))), "{refused:?}");
    assert_eq!(house.store.all_dead_letters().len(), 1);
    house.notifier.recover();
    replay().await.unwrap();
    assert!(house.store.all_dead_letters().is_empty());
    let last = house.notifier.delivered().last().map(|event| event.id);
    assert_eq!(last, Some(letter.event));
    let again = replay().await;
    assert!(matches!(again, Err(ReplayError::NotFound { .. })));
    let told = house.events();
    assert_eq!(told.last(), Some(&"dead_letter_replayed"));
}

#[tokio::test]
async fn what_fails_again_is_told_once_and_how_often_when_it_succeeds() {
    let house = with_a_release().await;
    for _ in 0..2 {
        house.deployer.refuse_next("the job is stopped");
    }
    house.push("v1.2.0", 3);
    for _ in 0..5 {
        house.turn().await;
    }
    house.assert_runs("web", 3);
    while house.app.deliver(SINK).await != Delivered::All {}
    let failed = |kind: &&&str| **kind == "deployment_failed";
    assert_eq!(kinds(&house).iter().filter(failed).count(), 1);
    assert_eq!(house.events().iter().filter(failed).count(), 2);
    let delivered = house.notifier.delivered();
    let last = delivered.last().unwrap();
    assert_eq!(last.kind.name(), "deployment_succeeded");
    assert_eq!(last.kind.subject().unwrap().attempt, 3);
}

#[tokio::test]
async fn each_event_is_delivered_in_order() {
    let house = with_a_release().await;
    assert_eq!(house.app.deliver(SINK).await, Delivered::All);
    let told = kinds(&house);
    let deployment: Vec<_> = told
        .iter()
        .filter(|kind| kind.starts_with("deployment_"))
        .collect();
    let expected = [
        "deployment_created",
        "deployment_started",
        "deployment_accepted",
        "deployment_succeeded",
    ];
    assert_eq!(deployment, expected.iter().collect::<Vec<_>>());
    assert_eq!(house.app.deliver(SINK).await, Delivered::All);
    assert_eq!(kinds(&house), told, "once");
}

#[tokio::test]
async fn a_sink_that_is_down_gets_everything_later_also_after_a_restart() {
    let mut house = with_a_release().await;
    house.notifier.break_down(None);
    assert_eq!(
        house.app.deliver(SINK).await,
        Delivered::Later { retry_after: None }
    );
    house.restart().await;
    house.notifier.recover();
    assert_eq!(house.app.deliver(SINK).await, Delivered::All);
    assert!(kinds(&house).contains(&"deployment_succeeded"));
}

#[tokio::test]
async fn a_sink_that_refuses_does_not_keep_back_what_follows() {
    let house = with_a_release().await;
    house.notifier.refuse();
    assert_eq!(house.app.deliver(SINK).await, Delivered::All);
    house.notifier.recover();
    house.push("v1.2.0", 3);
    house.turn().await;
    assert_eq!(house.app.deliver(SINK).await, Delivered::All);
    assert!(kinds(&house).contains(&"deployment_succeeded"));
}
