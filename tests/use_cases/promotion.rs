//! Canaries are healthy, and an operator lets the deployment go on.

use registrywatcher::app::CommandError;
use registrywatcher::deployment::DeploymentId;
use registrywatcher::event::EventKind;

use super::house::{House, operator, running_v1, tag};

/// A house whose canaries of v1.1.0 are healthy and wait.
async fn at_canaries() -> (House, DeploymentId) {
    let house = running_v1().await;
    house.deployer.hold_at_canaries(tag("v1.1.0"));
    house.push("v1.1.0", 2);
    house.turn().await;
    let id = house.app.open_deployments()[0];
    (house, id)
}

#[tokio::test]
async fn canaries_wait_until_an_operator_promotes_them() {
    let (house, id) = at_canaries().await;
    assert_eq!(
        house.history(),
        [("v1.1.0".to_owned(), "awaiting_promotion")]
    );
    house.turn().await;
    assert_eq!(house.holds(), ["in_flight"]);
    assert_eq!(house.deployer.running_digest("web"), None, "as before us");
    house.app.promote(id, &operator()).await.unwrap();
    house.drive().await;
    house.assert_runs("web", 2);
    assert_eq!(house.history(), [("v1.1.0".to_owned(), "succeeded")]);
    let events = house.store.all_events();
    let mut asked = events.iter().filter_map(|event| match &event.kind {
        EventKind::PromotionAsked { subject, by } => Some((subject.deployment, by.clone())),
        _ => None,
    });
    assert_eq!(asked.next(), Some((id, operator())));
    assert_eq!(asked.next(), None);
}

#[tokio::test]
async fn only_what_waits_for_it_is_promoted() {
    let house = running_v1().await;
    house.push("v1.1.0", 2);
    house.poll().await;
    let id = house.app.open_deployments()[0];
    for state in ["requested", "succeeded"] {
        assert_eq!(house.history(), [("v1.1.0".to_owned(), state)]);
        let refused = house.app.promote(id, &operator()).await;
        let is_told = matches!(
            refused,
            Err(CommandError::NotAwaitingPromotion { deployment }) if deployment == id
        );
        assert!(is_told, "{state}: {refused:?}");
        house.drive().await;
    }
    let unknown = DeploymentId(uuid::Uuid::nil());
    let refused = house.app.promote(unknown, &operator()).await;
    assert!(matches!(
        refused,
        Err(CommandError::UnknownDeployment { .. })
    ));
    assert!(!house.events().contains(&"promotion_asked"));
}

#[tokio::test]
async fn canaries_give_way_to_something_newer() {
    let (house, _) = at_canaries().await;
    house.push("v1.2.0", 3);
    house.turn().await;
    house.assert_runs("web", 3);
    let ended = [("v1.1.0", "superseded"), ("v1.2.0", "succeeded")];
    let ended = ended.map(|(text, state)| (text.to_owned(), state));
    assert_eq!(house.history(), ended);
}

#[tokio::test]
async fn a_promotion_that_the_orchestrator_did_not_hear_can_be_asked_for_again() {
    let (house, id) = at_canaries().await;
    house.deployer.break_down();
    let unheard = house.app.promote(id, &operator()).await;
    assert!(matches!(
        unheard,
        Err(CommandError::OrchestratorUnavailable { .. })
    ));
    house.deployer.recover();
    house.app.promote(id, &operator()).await.unwrap();
    house.drive().await;
    house.assert_runs("web", 2);
}

#[tokio::test]
async fn another_replica_promotes_and_the_one_that_attends_sees_it() {
    let mut first = running_v1().await;
    first.share().await;
    first.app.renew_leases().await.unwrap();
    let second = first.neighbour().await;
    first.deployer.hold_at_canaries(tag("v1.1.0"));
    first.push("v1.1.0", 2);
    first.poll().await;
    let id = first.app.open_deployments()[0];
    for _ in 0..3 {
        first.app.advance(id, std::future::pending()).await;
    }
    // It has heard nothing of the deployment yet.
    second.app.promote(id, &operator()).await.unwrap();
    first.app.follow_changes().await.unwrap();
    first.drive().await;
    first.assert_runs("web", 2);
}
