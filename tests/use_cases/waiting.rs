//! Whoever asked waits for what comes of it.

use std::pin::pin;

use registrywatcher::app::DeployNow;
use registrywatcher::deployment::DeploymentId;

use super::house::{operator, polled, running_v1};

#[tokio::test]
async fn a_deployment_is_waited_for_until_it_has_ended() {
    let house = running_v1().await;
    house.push("v1.1.0", 2);
    house.poll().await;
    let id = house.app.open_deployments()[0];
    let mut waiting = pin!(house.app.until_ended(id));
    assert!(polled(waiting.as_mut()).await.is_none());
    let before = house.store.calls();
    assert!(polled(waiting.as_mut()).await.is_none());
    assert_eq!(house.store.calls(), before, "waiting costs no statement");
    house.drive().await;
    let ended = polled(waiting).await.expect("it has ended").unwrap();
    assert_eq!(ended.unwrap().state.name(), "succeeded");
    let again = house.app.until_ended(id).await.unwrap();
    assert_eq!(again.unwrap().id, id, "it is known afterwards too");
}

#[tokio::test]
async fn a_deployment_that_never_was_is_not_waited_for() {
    let house = running_v1().await;
    let unknown = DeploymentId(uuid::Uuid::nil());
    let waiting = pin!(house.app.until_ended(unknown));
    let answer = polled(waiting).await.expect("nobody waits").unwrap();
    assert_eq!(answer, None);
}

#[tokio::test]
async fn a_demand_is_waited_for_until_all_it_led_to_has_ended() {
    let house = running_v1().await;
    let name = &house.watches[0].name;
    let demand = DeployNow::default();
    let asked = house.app.deploy_now(name, &demand, &operator()).await;
    let asked = asked.unwrap();
    let mut waiting = pin!(house.app.until_served(&asked));
    assert!(polled(waiting.as_mut()).await.is_none());
    house.drive().await;
    let served = polled(waiting).await.expect("it is served").unwrap();
    assert!(served.is_over());
    assert_eq!(served.deployments.len(), 1);
    assert_eq!(served.deployments[0].cause.request(), Some(asked.request));
}

#[tokio::test]
async fn events_are_waited_for_also_those_of_another_replica() {
    let mut first = running_v1().await;
    first.share().await;
    first.app.renew_leases().await.unwrap();
    let second = first.neighbour().await;
    let name = &second.watches[0].name;
    let last = second.app.last_event();
    let mut waiting = pin!(second.app.events_after(Some(name), last, 10));
    assert!(polled(waiting.as_mut()).await.is_none());
    first.push("v1.1.0", 2);
    first.poll().await;
    assert!(polled(waiting.as_mut()).await.is_none(), "nobody told it");
    second.app.follow_changes().await.unwrap();
    let events = polled(waiting).await.expect("there are some").unwrap();
    assert_eq!(events[0].kind.name(), "deployment_created");
    assert!(events.iter().all(|event| event.id > last));
}

#[tokio::test]
async fn nobody_waits_for_a_service_that_stops() {
    let house = running_v1().await;
    house.push("v1.1.0", 2);
    house.poll().await;
    let id = house.app.open_deployments()[0];
    let (last, mut ended) = (house.app.last_event(), pin!(house.app.until_ended(id)));
    let mut events = pin!(house.app.events_after(None, last, 10));
    assert!(polled(ended.as_mut()).await.is_none());
    assert!(polled(events.as_mut()).await.is_none());
    house.app.stop_waiting();
    let found = polled(ended).await.expect("it ends").unwrap().unwrap();
    assert_eq!(found.state.name(), "requested", "as it is");
    assert_eq!(polled(events).await.expect("it ends").unwrap(), []);
}
