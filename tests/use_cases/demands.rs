//! A demand that is made again under the same key is made once.

use std::time::Duration;

use registrywatcher::app::{Asked, CommandError, DeployNow, RollBack};
use registrywatcher::intent::Once;

use super::house::{House, operator, running_v1, tag};

impl House {
    async fn demand(&self, text: &str, once: Once) -> Result<Asked, CommandError> {
        let demand = DeployNow {
            tag: Some(tag(text)),
            once: Some(once),
            ..DeployNow::default()
        };
        let name = &self.watches[0].name;
        self.app.deploy_now(name, &demand, &operator()).await
    }

    fn times_asked(&self) -> usize {
        let events = self.events().into_iter();
        events.filter(|kind| *kind == "deployment_asked").count()
    }
}

#[tokio::test]
async fn the_same_demand_leads_to_the_same_request_before_and_after_it_was_served() {
    let house = running_v1().await;
    let once = Once::new(7, 1);
    let first = house.demand("v1.0.0", once).await.unwrap();
    assert_eq!(house.demand("v1.0.0", once).await.unwrap(), first);
    house.drive().await;
    assert_eq!(house.demand("v1.0.0", once).await.unwrap(), first);
    house.drive().await;
    assert_eq!((house.times_asked(), house.history().len()), (1, 1));
}

#[tokio::test]
async fn the_same_demand_is_recognised_although_the_registry_is_away_by_then() {
    let house = running_v1().await;
    let once = Once::new(7, 1);
    let first = house.demand("v1.0.0", once).await.unwrap();
    let away = registrywatcher_memory::RegistryFault::Unavailable;
    house.registry.set_fault(Some(away));
    assert_eq!(house.demand("v1.0.0", once).await.unwrap(), first);
}

#[tokio::test]
async fn something_else_under_the_same_key_is_refused_and_another_key_is_another_demand() {
    let house = running_v1().await;
    let first = house.demand("v1.0.0", Once::new(7, 1)).await.unwrap();
    match house.demand("v1.0.0", Once::new(7, 2)).await {
        Err(CommandError::AskedOtherwise { request }) => assert_eq!(request, first.request),
        other => panic!("refused, got {other:?}"),
    }
    assert_eq!(house.times_asked(), 1);
    let other = house.demand("v1.0.0", Once::new(8, 1)).await.unwrap();
    assert_ne!(other.request, first.request);
    assert_eq!(house.times_asked(), 2);
}

#[tokio::test]
async fn after_a_day_it_is_a_new_demand_and_only_what_it_led_to_is_told() {
    let house = running_v1().await;
    let once = Once::new(7, 1);
    let first = house.demand("v1.0.0", once).await.unwrap();
    house.drive().await;
    house.clock.advance(Duration::from_hours(25));
    house.poll().await;
    let again = house.demand("v1.0.0", once).await.unwrap();
    house.drive().await;
    assert!(again.at > first.at);
    assert_eq!((house.times_asked(), house.history().len()), (2, 2));
    let served = house.app.served(&again).await.unwrap();
    assert_eq!(served.deployments.len(), 1, "not that of yesterday");
}

#[tokio::test]
async fn another_replica_recognises_it_and_knows_that_it_is_not_served_yet() {
    let mut first = running_v1().await;
    first.share().await;
    first.app.renew_leases().await.unwrap();
    let second = first.neighbour().await;
    // What runs cannot be seen, so that nothing is deployed yet.
    first.deployer.break_down();
    first.clock.advance(Duration::from_mins(10));
    first.app.renew_leases().await.unwrap();
    first.poll().await;
    let once = Once::new(7, 1);
    let asked = first.demand("v1.0.0", once).await.unwrap();
    assert_eq!(second.demand("v1.0.0", once).await.unwrap(), asked);
    assert!(first.history().is_empty() && !first.view().requests.is_empty());
    let waiting = std::pin::pin!(second.app.until_served(&asked));
    assert!(super::house::polled(waiting).await.is_none());
    assert_eq!(first.times_asked(), 1);
}

#[tokio::test]
async fn going_back_is_demanded_once_as_well() {
    let house = running_v1().await;
    house.push("v1.1.0", 2);
    house.turn().await;
    let demand = RollBack {
        once: Some(Once::new(7, 1)),
        ..RollBack::default()
    };
    let name = &house.watches[0].name;
    let first = house.app.roll_back(name, &demand, &operator()).await;
    house.drive().await;
    house.assert_runs("web", 1);
    let again = house.app.roll_back(name, &demand, &operator()).await;
    assert_eq!(again.unwrap(), first.unwrap());
    house.drive().await;
    house.assert_runs("web", 1);
    assert_eq!(house.times_asked(), 1);
}
