//! Events reach the sinks.

use registrywatcher::app::Delivered;

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
