use poem::http::Method;
use registrywatcher_conformance::samples;

use super::house::House;

/// A house whose newest release waits at its canaries, and the path of that deployment.
async fn waiting() -> (House, String) {
    let house = House::new().await;
    house.deployer.hold_at_canaries(samples::tag("v1.1.0"));
    house.push("v1.1.0", 2);
    house.turn().await;
    let id = house.store.all_deployments().last().unwrap().id;
    (house, format!("/api/v1/deployments/{id}"))
}

#[tokio::test]
async fn canaries_are_promoted_and_the_rest_follows() {
    let (house, path) = waiting().await;
    assert_eq!(house.get(&path).await.body["state"], "awaiting_promotion");

    let promoted = house
        .call(Method::POST, &format!("{path}/promote"))
        .send()
        .await;
    assert_eq!(
        (promoted.status, &promoted.body["tag"]),
        (202, &"v1.1.0".into())
    );
    house.drive().await;
    assert_eq!(house.get(&path).await.body["state"], "succeeded");

    let events = house.get("/api/v1/events?watch=web").await;
    let events = events.body["items"].as_array().unwrap();
    let asked = events
        .iter()
        .find(|event| event["kind"] == "promotion_asked");
    assert_eq!(asked.unwrap()["by"], "anonymous");
}

#[tokio::test]
async fn what_does_not_wait_is_not_promoted() {
    let (house, path) = waiting().await;
    let promote = format!("{path}/promote");
    house.call(Method::POST, &promote).send().await;
    house.drive().await;
    let again = house.call(Method::POST, &promote).send().await;
    assert_eq!(
        (again.status, again.problem()),
        (409, "not-awaiting-promotion")
    );

    let unknown = "/api/v1/deployments/00000000-0000-0000-0000-000000000000/promote";
    let unknown = house.call(Method::POST, unknown).send().await;
    assert_eq!(
        (unknown.status, unknown.problem()),
        (404, "unknown-deployment")
    );
}

#[tokio::test]
async fn an_orchestrator_that_is_down_promotes_nothing_until_it_is_asked_again() {
    let (house, path) = waiting().await;
    let promote = format!("{path}/promote");
    house.deployer.break_down();
    let refused = house.call(Method::POST, &promote).send().await;
    assert_eq!(
        (refused.status, refused.problem()),
        (503, "orchestrator-unavailable")
    );
    assert_ne!(refused.header("retry-after"), "");

    house.deployer.recover();
    assert_eq!(house.call(Method::POST, &promote).send().await.status, 202);
    house.drive().await;
    assert_eq!(house.get(&path).await.body["state"], "succeeded");
}
