//! An operator gives a deployment up, or holds a watch.

use registrywatcher::app::{CommandError, DeployNow, HoldChange, IntentChange};
use registrywatcher::deployment::{Deployment, DeploymentId};

use super::house::{House, operator, running_v1, tag};

impl House {
    async fn abandon(&self, id: DeploymentId) -> Result<Deployment, CommandError> {
        self.app.abandon(id, "it is Friday", &operator()).await
    }

    async fn change_hold(&self, hold: HoldChange) {
        let change = IntentChange {
            hold: Some(hold),
            ..IntentChange::default()
        };
        let name = &self.watches[0].name;
        let changed = self.app.change_intent(name, &change, &operator()).await;
        changed.unwrap();
    }
}

fn hold() -> HoldChange {
    HoldChange::Hold {
        reason: "the fair is on".to_owned(),
    }
}

async fn holds_until_something_newer(house: &House) {
    house.turn().await;
    assert_eq!(house.holds(), ["operator_hold"]);
    assert_eq!(house.deployer.running_digest("web"), None, "as before us");
    house.push("v1.2.0", 3);
    house.turn().await;
    house.assert_runs("web", 3);
}

#[tokio::test]
async fn what_has_not_started_is_given_up_and_not_deployed_again_until_something_newer_appears() {
    let house = running_v1().await;
    house.push("v1.1.0", 2);
    house.poll().await;
    let id = house.app.open_deployments()[0];
    let ended = house.abandon(id).await.unwrap();
    assert_eq!(ended.state.name(), "abandoned");
    house.drive().await;
    assert!(house.deployer.applied().is_empty());
    holds_until_something_newer(&house).await;
}

#[tokio::test]
async fn what_rolls_out_is_given_up_and_left_to_the_orchestrator() {
    let house = running_v1().await;
    house.push("v1.1.0", 2);
    house.deployer.hold_tag(tag("v1.1.0"));
    house.turn().await;
    let id = house.app.open_deployments()[0];
    house.abandon(id).await.unwrap();
    house.drive().await;
    assert_eq!(house.history(), [("v1.1.0".to_owned(), "abandoned")]);
    assert!(house.app.open_deployments().is_empty());
    holds_until_something_newer(&house).await;
}

#[tokio::test]
async fn what_is_newer_than_an_earlier_hold_is_held_when_it_is_given_up_itself() {
    let house = running_v1().await;
    house.change_hold(hold()).await;
    house.push("v1.1.0", 2);
    house.poll().await;
    let id = house.app.open_deployments()[0];
    house.abandon(id).await.unwrap();
    holds_until_something_newer(&house).await;
}

#[tokio::test]
async fn what_has_ended_or_never_was_cannot_be_given_up() {
    let house = running_v1().await;
    house.push("v1.1.0", 2);
    house.turn().await;
    let id = house.store.all_deployments()[0].id;
    let refused = house.abandon(id).await;
    assert!(matches!(refused, Err(CommandError::Ended { deployment }) if deployment == id));
    let unknown = DeploymentId(uuid::Uuid::nil());
    let refused = house.abandon(unknown).await;
    assert!(matches!(
        refused,
        Err(CommandError::UnknownDeployment { .. })
    ));
}

#[tokio::test]
async fn a_hold_keeps_what_runs_until_it_is_released() {
    let house = running_v1().await;
    let name = &house.watches[0].name;
    let auto_deploy = |on, hold| IntentChange {
        auto_deploy: Some(on),
        hold,
        ..IntentChange::default()
    };
    for (on, held) in [(false, None), (true, Some(hold()))] {
        let change = auto_deploy(on, held);
        let changed = house.app.change_intent(name, &change, &operator()).await;
        changed.unwrap();
        house.push("v1.1.0", 2);
        house.turn().await;
        let reason = if on {
            "operator_hold"
        } else {
            "auto_deploy_off"
        };
        assert_eq!(house.holds(), [reason]);
    }
    house.change_hold(HoldChange::Release).await;
    house.drive().await;
    house.assert_runs("web", 2);
}

#[tokio::test]
async fn a_hold_without_a_candidate_is_kept_too() {
    let house = House::with_workload("registry.example/acme/web:v1.0.0").await;
    house.change_hold(hold()).await;
    assert!(house.view().intent.hold.is_some());
    house.change_hold(HoldChange::Release).await;
    assert!(house.view().intent.hold.is_none());
}

#[tokio::test]
async fn what_is_asked_for_passes_a_hold() {
    let house = running_v1().await;
    house.push("v1.1.0", 2);
    house.change_hold(hold()).await;
    let demand = DeployNow::default();
    let name = &house.watches[0].name;
    let asked = house.app.deploy_now(name, &demand, &operator()).await;
    asked.unwrap();
    house.drive().await;
    house.assert_runs("web", 2);
}
