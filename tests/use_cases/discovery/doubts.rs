//! What is not known, or not understood, retires nothing and deploys nothing.

use registrywatcher::decision::{Decision, HoldReason};
use registrywatcher::watch::Mode;

use super::town::Town;

const IMAGE: &str = "registry.example/acme/web:v1.0.0";

#[tokio::test]
async fn a_deployer_that_cannot_be_asked_keeps_what_was_known() {
    let town = Town::with_web(&[("policy", "semver")]).await;
    town.house.staging.add_workload("api", IMAGE);
    town.label_staging("api", &[("policy", "semver")]);
    town.discover().await;
    assert_eq!(town.watches(), ["production.web", "staging.api"]);
    town.house.deployer.break_down();
    town.label_web(&[]);
    town.label_staging("api", &[]);
    assert!(town.discover().await);
    assert_eq!(town.watches(), ["production.web"]);
    assert!(town.is_retired("staging.api") && !town.is_retired("production.web"));
    let degraded = town.house.app.degraded();
    assert!(
        degraded
            .iter()
            .any(|part| part.part == "deployer production")
    );
    town.house.deployer.recover();
    assert!(town.discover().await);
    assert!(town.is_retired("production.web"));
    assert_eq!(town.house.app.discovery().unwrap()[0].fault, None);
}

#[tokio::test]
async fn a_deployer_that_is_down_at_the_start_retires_nothing() {
    let mut town = Town::with_web(&[("policy", "semver")]).await;
    town.discover().await;
    town.house.turn().await;
    town.house.deployer.break_down();
    town.house.restart().await;
    assert!(!town.discover().await);
    assert!(!town.is_retired("production.web"));
    let health = &town.house.app.discovery().unwrap()[0];
    assert_eq!(health.found, None);
    assert!(health.fault.as_ref().unwrap().contains("nobody answers"));
    town.house.deployer.recover();
    assert!(town.discover().await);
    assert_eq!(town.watches(), ["production.web"]);
    assert_eq!(
        (town.count("watch_added"), town.count("watch_retired")),
        (1, 0)
    );
}

#[tokio::test]
async fn workloads_of_two_deployers_are_one_watch_in_the_order_that_they_give() {
    let town = shop().await;
    town.discover().await;
    town.house.push("v1.1.0", 2);
    town.house.deployer.hold_rollouts();
    town.house.staging.hold_rollouts();
    town.house.clock.advance(std::time::Duration::from_mins(1));
    town.house.poll().await;
    assert_eq!(town.house.history(), [("v1.1.0".to_owned(), "requested")]);
    let deployments = town.house.store.all_deployments();
    assert_eq!(deployments[0].workload.to_string(), "staging:job=web");
    town.house.deployer.release_rollouts();
    town.house.staging.release_rollouts();
    town.house.drive().await;
    town.house.assert_runs("web", 2);
    assert!(town.house.staging.running_digest("web").is_some());
}

#[tokio::test]
async fn a_watch_is_not_taken_up_in_part_while_one_of_its_deployers_was_never_asked() {
    let mut town = shop().await;
    town.discover().await;
    town.house.turn().await;
    town.house.staging.break_down();
    town.house.restart().await;
    town.discover().await;
    assert_eq!(town.watches(), [""; 0]);
    assert_eq!(
        town.faults(),
        [
            "`production:job=web`: its watch `shop` has workloads of `staging` too, which could not be asked yet"
        ]
    );
    assert!(!town.is_retired("shop"));
    town.house.staging.recover();
    town.discover().await;
    assert_eq!(town.view("shop").unwrap().workloads.len(), 2);
    assert_eq!(town.faults(), [""; 0]);
}

/// A watch `shop` of a job in staging, and then one in production.
async fn shop() -> Town {
    let town = Town::with_web(&[("policy", "semver"), ("watch", "shop"), ("order", "2")]).await;
    town.house.staging.add_workload("web", IMAGE);
    let labels = [("policy", "semver"), ("watch", "shop"), ("order", "1")];
    town.label_staging("web", &labels);
    town
}

#[tokio::test]
async fn labels_that_are_not_understood_any_more_deploy_nothing_and_retire_nothing() {
    let town = Town::with_web(&[("policy", "semver:^1")]).await;
    town.discover().await;
    town.house.turn().await;
    town.label_web(&[("policy", "semvr:~1.0")]);
    assert!(town.discover().await);
    assert_eq!(
        town.view("production.web").unwrap().watch.mode,
        Mode::Observe
    );
    town.house.push("v1.1.0", 2);
    town.house.turn().await;
    town.house.assert_runs_tag("web", "v1.0.0");
    let decided = town.view("production.web").unwrap().workloads[0]
        .decided
        .clone();
    let Decision::Hold(hold) = decided.unwrap().decision else {
        panic!("it is held")
    };
    assert_eq!(hold.reasons, [HoldReason::ObserveOnly]);
    town.label_web(&[("policy", "semver:^1")]);
    assert!(town.discover().await);
    town.house.turn().await;
    town.house.assert_runs("web", 2);
    assert_eq!(
        (town.count("watch_added"), town.count("watch_retired")),
        (1, 0)
    );
}

#[tokio::test]
async fn labels_that_were_spoilt_during_a_restart_retire_nothing_either() {
    let mut town = Town::with_web(&[("policy", "semver")]).await;
    town.discover().await;
    town.label_web(&[("policy", "semvr"), ("watch", "another")]);
    town.house.restart().await;
    town.discover().await;
    assert!(!town.is_retired("production.web"));
    town.label_web(&[("policy", "semver")]);
    town.discover().await;
    assert_eq!(town.watches(), ["production.web"]);
    assert_eq!(
        (town.count("watch_added"), town.count("watch_retired")),
        (1, 0)
    );
}

#[tokio::test]
async fn a_fault_is_told_until_it_is_mended() {
    let town = Town::with_web(&[("policy", "semver"), ("mode", "watch")]).await;
    for _ in 0..2 {
        town.discover().await;
        assert_eq!(
            town.faults(),
            [
                "`production:job=web`: `registrywatcher.mode` is `watch`; write `deploy` or `observe`"
            ]
        );
    }
    town.label_web(&[("policy", "semver"), ("mode", "observe")]);
    town.discover().await;
    assert_eq!(town.faults(), [""; 0]);
    assert_eq!(town.watches(), ["production.web"]);
}
