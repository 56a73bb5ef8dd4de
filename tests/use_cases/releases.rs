//! New releases are deployed by digest.

use super::house::House;

#[tokio::test]
async fn a_newer_release_is_deployed_within_one_poll() {
    let house = House::with_workload("registry.example/acme/web:v1.0.0").await;
    house.push("v1.0.0", 1);
    house.turn().await;
    house.push("v1.1.0", 2);
    house.turn().await;
    house.assert_runs("web", 2);
    assert_eq!(house.history(), [("v1.1.0".to_owned(), "succeeded")]);
    house.turn().await;
    assert_eq!(house.history().len(), 1, "and not again");
}

#[tokio::test]
async fn an_unchanged_poll_asks_the_store_nothing() {
    let house = House::with_workload("registry.example/acme/web:v1.0.0").await;
    house.push("v1.0.0", 1);
    house.turn().await;
    let before = house.store.calls();
    for _ in 0..20 {
        house.turn().await;
    }
    assert_eq!(house.store.calls(), before);
}

#[tokio::test]
async fn a_failed_release_is_not_retried_and_the_next_one_deploys() {
    let house = House::with_workload("registry.example/acme/web:v1.0.0").await;
    house.push("v1.0.0", 1);
    house.turn().await;
    house.deployer.fail_next_image("exit code 1", true);
    house.push("v1.1.0", 2);
    for _ in 0..5 {
        house.turn().await;
    }
    assert_eq!(house.history(), [("v1.1.0".to_owned(), "failed")]);
    assert_eq!(house.holds(), ["quarantined"]);
    house.push("v1.2.0", 3);
    house.turn().await;
    house.assert_runs("web", 3);
}
