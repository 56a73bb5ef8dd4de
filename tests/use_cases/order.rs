//! Several workloads roll out one after the other.

use registrywatcher::app::DeployNow;
use registrywatcher::watch::Watch;

use super::house::{House, job, operator, tag, watch};

async fn staging_then_production(watch: Watch) -> House {
    let house = House::with_watch(watch, "registry.example/acme/web:v1.0.0").await;
    house.push("v1.0.0", 1);
    house.turn().await;
    house
}

#[tokio::test]
async fn each_workload_waits_until_the_one_before_runs_the_image() {
    let house = staging_then_production(watch(&["staging", "production"])).await;
    house.deployer.hold_rollouts();
    house.push("v1.1.0", 2);
    house.turn().await;
    assert_eq!(house.holds_of(1), ["waits_for"]);
    assert_eq!(house.deployer.applied().len(), 1);
    house.deployer.release_rollouts();
    for id in house.app.open_deployments() {
        while house.app.advance(id, std::future::pending()).await
            != registrywatcher::app::Advance::Ended
        {}
    }
    house.drive().await;
    house.assert_runs("staging", 2);
    house.assert_runs("production", 2);
}

#[tokio::test]
async fn a_failure_stops_what_comes_after() {
    let house = staging_then_production(watch(&["staging", "production"])).await;
    house.deployer.fail_next_image("exit code 1", true);
    house.push("v1.1.0", 2);
    house.turn().await;
    house.turn().await;
    assert_eq!(house.history(), [("v1.1.0".to_owned(), "failed")]);
    assert_eq!(house.holds_of(1), ["quarantined", "waits_for"]);
}

#[tokio::test]
async fn a_failure_drops_the_rest_of_a_request() {
    let house = staging_then_production(watch(&["staging", "production"])).await;
    house.push("v1.0.1", 4);
    house.deployer.fail_next_image("exit code 1", true);
    let demand = DeployNow {
        tag: Some(tag("v1.0.1")),
        workload: None,
        overrides_freeze: false,
        once: None,
    };
    house
        .app
        .deploy_now(&house.watches[0].name, &demand, &operator())
        .await
        .unwrap();
    house.drive().await;
    assert!(house.view().requests.is_empty());
    assert!(house.events().contains(&"request_dropped"));
    assert_eq!(house.history().len(), 1);
}

#[tokio::test]
async fn a_request_is_served_in_order_even_where_it_is_forced() {
    let house = staging_then_production(watch(&["staging", "production"])).await;
    house.push("v1.1.0", 2);
    house.turn().await;
    house.turn().await;
    let demand = DeployNow {
        tag: Some(tag("v1.1.0")),
        workload: None,
        overrides_freeze: false,
        once: None,
    };
    house
        .app
        .deploy_now(&house.watches[0].name, &demand, &operator())
        .await
        .unwrap();
    assert_eq!(house.holds_of(1), ["waits_for"]);
    house.drive().await;
    let history = house.history();
    assert_eq!(history.len(), 4);
    assert!(history.iter().all(|(_, state)| *state == "succeeded"));
}

#[tokio::test]
async fn a_request_for_one_workload_waits_for_no_other() {
    let house = staging_then_production(watch(&["staging", "production"])).await;
    house.push("v1.1.0", 2);
    let demand = DeployNow {
        tag: Some(tag("v1.1.0")),
        workload: Some(job("production")),
        overrides_freeze: false,
        once: None,
    };
    house
        .app
        .deploy_now(&house.watches[0].name, &demand, &operator())
        .await
        .unwrap();
    house.drive().await;
    house.assert_runs("production", 2);
    assert_eq!(house.deployer.running_digest("staging"), None);
}

#[tokio::test]
async fn parallel_drops_the_order() {
    let both = Watch {
        parallel: true,
        ..watch(&["staging", "production"])
    };
    let house = staging_then_production(both).await;
    house.deployer.hold_rollouts();
    house.push("v1.1.0", 2);
    house.turn().await;
    assert_eq!(house.deployer.applied().len(), 2);
}
