//! What runs already is taken over without a restart.

use super::house::House;

#[tokio::test]
async fn what_already_runs_is_adopted_without_a_restart() {
    let house = House::with_workload("registry.example/acme/web:v1.0.0").await;
    house.push("v1.0.0", 1);
    house.turn().await;
    house.turn().await;
    assert_eq!(house.deployer.applied(), []);
    assert!(house.events().contains(&"workload_adopted"));
    assert_eq!(house.holds(), Vec::<&str>::new());
}

#[tokio::test]
async fn an_adopted_workload_gets_the_next_release() {
    let house = House::with_workload("registry.example/acme/web:v1.0.0").await;
    house.push("v1.0.0", 1);
    house.turn().await;
    house.push("v1.1.0", 2);
    house.turn().await;
    house.assert_runs("web", 2);
}
