//! What the registry says, and what it does not say.

use chrono::TimeDelta;
use registrywatcher::app::{DeployNow, IntentChange};
use registrywatcher::ports::Clock;
use registrywatcher_memory::RegistryFault;

use super::house::{House, operator, repository, tag};

async fn running_v2() -> House {
    let house = House::with_workload("registry.example/acme/web:v2.0.0").await;
    house.push("v1.0.0", 1);
    house.push("v2.0.0", 2);
    house.turn().await;
    house
}

#[tokio::test]
async fn an_unchanged_watch_costs_one_request_per_poll() {
    let house = running_v2().await;
    let before = house.registry.requests();
    for _ in 0..9 {
        house.turn().await;
    }
    let after = house.registry.requests();
    assert_eq!(
        (after.tags - before.tags, after.resolve - before.resolve),
        (9, 0)
    );
    house.turn().await;
    assert_eq!(
        house.registry.requests().resolve,
        before.resolve + 1,
        "now and then the digest"
    );
}

#[tokio::test]
async fn a_registry_that_fails_deploys_nothing_and_is_told() {
    let house = running_v2().await;
    house.push("v3.0.0", 3);
    house.registry.set_fault(Some(RegistryFault::Unavailable));
    house.turn().await;
    assert_eq!(house.holds(), ["registry_unknown"]);
    assert!(house.view().fault.is_some());
    assert!(
        house.view().tags.is_some(),
        "what was known stays to be shown"
    );
    house.registry.set_fault(None);
    house.turn().await;
    house.assert_runs("web", 3);
}

#[tokio::test]
async fn a_registry_that_asks_to_wait_is_heard() {
    let house = running_v2().await;
    let wait = std::time::Duration::from_secs(90);
    house
        .registry
        .set_fault(Some(RegistryFault::RateLimited { retry_after: wait }));
    let polled = house.app.poll(&repository()).await;
    assert_eq!(polled.retry_after, Some(wait));
}

#[tokio::test]
async fn a_deleted_tag_does_not_bring_an_older_one() {
    let house = running_v2().await;
    house.registry.remove_tag(&repository(), &tag("v2.0.0"));
    house.turn().await;
    assert_eq!(house.holds(), ["would_downgrade"]);
    assert_eq!(house.deployer.applied(), []);
}

#[tokio::test]
async fn a_release_that_is_pushed_again_is_found_within_ten_polls() {
    let house = running_v2().await;
    house.push("v2.0.0", 7);
    for _ in 0..10 {
        house.turn().await;
    }
    house.assert_runs("web", 7);
}

#[tokio::test]
async fn a_poll_that_took_too_long_deploys_nothing_until_one_succeeds() {
    let house = running_v2().await;
    house.push("v3.0.0", 3);
    house.app.give_up_poll(&repository()).await;
    assert_eq!(house.holds(), ["registry_unknown"]);
    house.turn().await;
    house.assert_runs("web", 3);
}

#[tokio::test]
async fn a_release_is_deployed_although_the_clock_was_set_back() {
    let house = running_v2().await;
    house.push("v3.0.0", 3);
    house.turn().await;
    house.assert_runs("web", 3);

    house.clock.set(house.clock.now() - TimeDelta::hours(1));
    house.push("v4.0.0", 4);
    house.turn().await;
    house.assert_runs("web", 4);
}

#[tokio::test]
async fn a_fault_is_told_and_healed_although_the_clock_was_set_back() {
    let house = running_v2().await;
    house.clock.set(house.clock.now() - TimeDelta::hours(1));
    house.registry.set_fault(Some(RegistryFault::Unavailable));
    house.turn().await;
    assert_eq!(house.holds(), ["registry_unknown"]);
    house.clock.set(house.clock.now() - TimeDelta::hours(1));
    house.registry.set_fault(None);
    house.turn().await;
    assert_eq!(house.holds(), Vec::<&str>::new());
}

#[tokio::test]
async fn a_question_of_an_operator_that_is_not_answered_counts_as_well() {
    let house = House::with_workload("registry.example/acme/web:v1.0.0").await;
    house.push("v1.0.0", 1);
    house.turn().await;
    let name = &house.watches[0].name;
    let switch = |on| IntentChange {
        auto_deploy: Some(on),
        ..IntentChange::default()
    };
    let app = &house.app;
    app.change_intent(name, &switch(false), &operator())
        .await
        .unwrap();
    house.push("v1.1.0", 2);
    house.turn().await;
    house.registry.set_fault(Some(RegistryFault::Unavailable));
    let asked = DeployNow {
        tag: Some(tag("v1.1.0")),
        ..DeployNow::default()
    };
    app.deploy_now(name, &asked, &operator()).await.unwrap_err();
    app.change_intent(name, &switch(true), &operator())
        .await
        .unwrap();
    assert!(house.history().is_empty());
    assert_eq!(house.holds(), ["registry_unknown"]);
}
