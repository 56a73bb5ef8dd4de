//! Workloads ask to be watched by labels of their own.

mod doubts;
mod late_looks;
mod replicas;
mod town;

use registrywatcher::app::IntentChange;
use registrywatcher::intent::Target;

use super::house::{House, operator, tag};
use town::{Town, WEB};

#[tokio::test]
async fn a_labelled_workload_is_watched_and_deployed() {
    let town = Town::with_web(&[("policy", "semver:^1")]).await;
    assert!(town.discover().await, "something is watched otherwise");
    let view = town.view("production.web").unwrap();
    assert!(view.discovered);
    assert_eq!(view.watch.policy.to_string(), "semver ^1");
    assert_eq!(town.watches(), ["production.web"]);
    town.house.push("v1.1.0", 2);
    town.house.turn().await;
    town.house.assert_runs("web", 2);
    assert_eq!(
        town.house.events()[..2],
        ["watch_added", "workload_adopted"]
    );
}

#[tokio::test]
async fn what_does_not_change_costs_no_statement() {
    let town = Town::with_web(&[("policy", "semver")]).await;
    town.discover().await;
    town.house.turn().await;
    let before = town.house.store.calls();
    assert!(!town.discover().await);
    assert_eq!(town.house.store.calls(), before);
    // Nor does a deployment of ours, after which another image is found.
    town.house.push("v1.1.0", 2);
    town.house.turn().await;
    let before = town.house.store.calls();
    assert!(!town.discover().await);
    assert_eq!(town.house.store.calls(), before);
}

#[tokio::test]
async fn another_policy_holds_from_then_on() {
    let town = Town::with_web(&[("policy", "semver:^1")]).await;
    town.discover().await;
    town.house.push("v2.0.0", 2);
    town.house.turn().await;
    town.house.assert_runs_tag("web", "v1.0.0");
    town.label_web(&[("policy", "semver:^2")]);
    assert!(town.discover().await);
    town.house.turn().await;
    town.house.assert_runs("web", 2);
    assert_eq!(town.count("watch_added"), 1);
}

#[tokio::test]
async fn a_watch_that_nothing_asks_for_any_more_is_retired() {
    let town = Town::with_web(&[("policy", "semver")]).await;
    town.discover().await;
    town.house.turn().await;
    town.label_web(&[]);
    assert!(town.discover().await);
    assert_eq!(town.watches(), [""; 0]);
    assert_eq!(town.house.app.repositories(), []);
    assert!(town.is_retired("production.web"));
    town.house.push("v1.1.0", 2);
    town.house.turn().await;
    town.house.assert_runs_tag("web", "v1.0.0");
    assert_eq!(town.count("watch_retired"), 1);
    assert!(!town.discover().await);
}

#[tokio::test]
async fn a_watch_comes_back_with_its_intent() {
    let town = Town::with_web(&[("policy", "semver")]).await;
    town.discover().await;
    town.house.turn().await;
    let pin = IntentChange {
        target: Some(Target::Pin(tag("v1.0.0"))),
        ..IntentChange::default()
    };
    let name = "production.web".parse().unwrap();
    let app = &town.house.app;
    app.change_intent(&name, &pin, &operator()).await.unwrap();
    town.house.drive().await;
    town.label_web(&[]);
    town.discover().await;
    town.label_web(&[("policy", "semver")]);
    assert!(town.discover().await);
    let intent = town.view("production.web").unwrap().intent;
    assert_eq!(intent.target, Target::Pin(tag("v1.0.0")));
    assert_eq!(town.count("watch_added"), 2);
}

#[tokio::test]
async fn a_deployment_under_way_is_driven_to_its_end_although_nothing_asks_for_it_any_more() {
    let town = Town::with_web(&[("policy", "semver")]).await;
    town.discover().await;
    town.house.turn().await;
    town.house.push("v1.1.0", 2);
    town.house.clock.advance(std::time::Duration::from_mins(1));
    town.house.poll().await;
    town.label_web(&[]);
    town.discover().await;
    town.house.drive().await;
    town.house.assert_runs("web", 2);
}

#[tokio::test]
async fn a_restart_keeps_everything() {
    let mut town = Town::with_web(&[("policy", "semver")]).await;
    town.discover().await;
    town.house.turn().await;
    let events = town.house.events();
    town.house.restart().await;
    assert_eq!(town.watches(), [""; 0], "nobody was asked yet");
    assert!(!town.is_retired("production.web"));
    assert!(town.discover().await);
    assert_eq!(town.watches(), ["production.web"]);
    assert_eq!(town.house.events(), events);
}

#[tokio::test]
async fn what_went_away_during_a_restart_is_retired_once_its_deployer_was_asked() {
    let mut town = Town::with_web(&[("policy", "semver")]).await;
    town.discover().await;
    town.house.turn().await;
    town.label_web(&[]);
    town.house.restart().await;
    assert!(!town.is_retired("production.web"));
    town.discover().await;
    assert!(town.is_retired("production.web"));
}

#[tokio::test]
async fn what_no_deployer_is_asked_for_any_more_is_retired_at_the_start() {
    let mut town = Town::with_web(&[("policy", "semver")]).await;
    town.discover().await;
    town.house
        .reconfigure(|settings| settings.discovery = None)
        .await;
    assert!(town.is_retired("production.web"));
}

#[tokio::test]
async fn a_workload_that_the_configuration_names_is_left_to_it() {
    let mut town = Town::with_web(&[("policy", "semver:^2")]).await;
    town.house.watches = vec![super::house::watch(&["web"])];
    town.house.restart().await;
    // Labels name it in full, and the configuration in part.
    let labels = [("registrywatcher.policy", "semver:^2")];
    let full = registrywatcher_conformance::samples::workload(
        "production",
        &[("job", "web"), ("group", "app")],
    );
    town.house.deployer.label("web", &full, &labels);
    assert!(!town.discover().await);
    assert_eq!(town.watches(), [WEB]);
    assert_eq!(town.faults(), [""; 0]);
}

#[tokio::test]
async fn a_watch_that_moves_from_the_configuration_to_labels_keeps_what_is_known_of_it() {
    let mut town = Town::with_web(&[("policy", "semver"), ("watch", WEB)]).await;
    town.house.watches = vec![super::house::watch(&["web"])];
    town.house.restart().await;
    town.discover().await;
    assert_eq!(town.view(WEB).map(|view| view.discovered), Some(false));
    town.house.push("v1.1.0", 2);
    town.house.turn().await;
    town.house.assert_runs("web", 2);
    town.house.watches = Vec::new();
    town.house.restart().await;
    town.discover().await;
    assert_eq!(town.view(WEB).map(|view| view.discovered), Some(true));
    town.house.push("v1.2.0", 3);
    town.house.turn().await;
    town.house.assert_runs("web", 3);
}

#[tokio::test]
async fn a_store_that_is_away_delays_and_loses_nothing() {
    let town = Town::with_web(&[("policy", "semver")]).await;
    town.house.store.fail_next(1);
    assert!(!town.discover().await);
    assert_eq!(town.watches(), [""; 0]);
    assert!(town.discover().await);
    assert_eq!(town.watches(), ["production.web"]);
    town.label_web(&[]);
    town.house.store.fail_next(1);
    assert!(
        town.discover().await,
        "it is not watched any more in any case"
    );
    assert!(!town.is_retired("production.web"));
    town.discover().await;
    assert!(town.is_retired("production.web"));
}

impl House {
    #[track_caller]
    fn assert_runs_tag(&self, job: &str, tag: &str) {
        let running = self.deployer.runs(job).unwrap();
        assert_eq!(
            running.image.tag().map(ToString::to_string).as_deref(),
            Some(tag)
        );
    }
}
