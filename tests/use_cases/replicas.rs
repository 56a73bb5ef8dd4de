//! Several processes share one store, and each watch is attended to by one of them.

use std::time::Duration;

use registrywatcher::app::{Advance, Delivered, DeployNow};

use super::house::{House, operator};

async fn two() -> (House, House) {
    let mut first = House::with_workload("registry.example/acme/web:v1.0.0").await;
    first.push("v1.0.0", 1);
    first.share().await;
    first.app.renew_leases().await.unwrap();
    let second = first.neighbour().await;
    second.app.renew_leases().await.unwrap();
    (first, second)
}

fn attends(house: &House) -> bool {
    house.app.attends_to(&house.watches[0].name)
}

/// Lets time pass while only `alive` renews its leases.
async fn pass(alive: &House, seconds: u64) {
    for _ in 0..seconds {
        alive.clock.advance(Duration::from_secs(1));
        alive.app.renew_leases().await.unwrap();
        alive.app.follow_changes().await.unwrap();
    }
}

async fn poll_and_drive(house: &House) {
    house.poll().await;
    house.drive().await;
}

#[tokio::test]
async fn one_polls_and_deploys_and_the_other_does_not() {
    let (first, second) = two().await;
    assert!(attends(&first) && !attends(&second));
    poll_and_drive(&first).await;
    poll_and_drive(&second).await;
    first.push("v1.1.0", 2);
    let before = first.registry.requests();
    poll_and_drive(&second).await;
    assert_eq!(first.registry.requests(), before);
    pass(&first, 1).await;
    poll_and_drive(&first).await;
    first.assert_runs("web", 2);
    second.app.follow_changes().await.unwrap();
    assert!(!second.view().attended && first.view().attended);
}

#[tokio::test]
async fn each_tells_what_it_holds_and_only_the_holder_how_far_its_sinks_are_behind() {
    let (first, second) = two().await;
    let held = |house: &House| house.app.held_leases().unwrap().len();
    assert_eq!((held(&first), held(&second)), (2, 0), "a watch and a sink");
    while first.app.deliver("memory").await != Delivered::All {}
    assert!(first.app.backlog()["memory"] == 0 && second.app.backlog().is_empty());
    let repository = first.watches[0].repository();
    assert!(first.app.poll(repository).await.attended);
    assert!(!second.app.poll(repository).await.attended);
    first.push("v1.1.0", 2);
    poll_and_drive(&first).await;
    assert!(first.app.backlog()["memory"] > 0 && second.app.backlog().is_empty());
    while first.app.deliver("memory").await != Delivered::All {}
    assert_eq!(first.app.backlog()["memory"], 0);
    first.clock.advance(Duration::from_secs(15));
    assert_eq!(held(&first), 0, "they ran out");
}

#[tokio::test]
async fn a_replica_that_dies_is_replaced_within_twenty_seconds() {
    let (first, second) = two().await;
    poll_and_drive(&first).await;
    first.push("v1.1.0", 2);
    first.clock.advance(Duration::from_secs(10));
    first.app.renew_leases().await.unwrap();
    first.deployer.hold_rollouts();
    first.poll().await;
    let id = first.app.open_deployments()[0];
    for _ in 0..2 {
        first.app.advance(id, std::future::pending()).await;
    }
    pass(&second, 14).await;
    assert!(!attends(&second), "its time has not run out");
    pass(&second, 5).await;
    assert!(attends(&second));
    second.deployer.release_rollouts();
    second.drive().await;
    second.assert_runs("web", 2);
    assert_eq!(second.deployer.applied(), [id], "applied once");
}

#[tokio::test]
async fn a_holder_that_wakes_up_late_finds_its_lease_gone() {
    let (first, second) = two().await;
    poll_and_drive(&first).await;
    first.app.renew_leases().await.unwrap();
    first.push("v1.1.0", 2);
    first.poll().await;
    let id = first.app.open_deployments()[0];
    pass(&second, 20).await;
    assert!(attends(&second) && !attends(&first));
    let advance = first.app.advance(id, std::future::pending()).await;
    assert_eq!(advance, Advance::Ended);
    assert!(first.deployer.applied().is_empty());
    assert_eq!(first.app.may_drive_for(id), Some(Duration::ZERO));
    second.drive().await;
    second.assert_runs("web", 2);
}

#[tokio::test]
async fn a_holder_that_does_not_know_that_its_lease_is_gone_is_stopped_by_the_store() {
    let (first, second) = two().await;
    poll_and_drive(&first).await;
    first.push("v1.1.0", 2);
    first.poll().await;
    let id = first.app.open_deployments()[0];
    // Its host slept, and with it its clock, while the store's went on.
    first.store.forget_leases();
    second.app.renew_leases().await.unwrap();
    assert!(attends(&first) && attends(&second));
    first.app.advance(id, std::future::pending()).await;
    assert!(first.deployer.applied().is_empty());
    assert!(!attends(&first), "it knows now");
    second.drive().await;
    second.assert_runs("web", 2);
}

#[tokio::test]
async fn a_command_to_any_replica_is_served_by_the_one_that_attends() {
    let (first, second) = two().await;
    poll_and_drive(&first).await;
    first.app.renew_leases().await.unwrap();
    first.push("v1.1.0", 2);
    let name = &second.watches[0].name;
    let asked = DeployNow {
        tag: Some("v1.1.0".parse().unwrap()),
        ..DeployNow::default()
    };
    second
        .app
        .deploy_now(name, &asked, &operator())
        .await
        .unwrap();
    second.drive().await;
    assert!(second.history().is_empty(), "it is not its watch");
    first.app.follow_changes().await.unwrap();
    first.drive().await;
    first.assert_runs("web", 2);
}

#[tokio::test]
async fn events_are_delivered_by_one_replica_and_go_on_where_it_stopped() {
    let (first, second) = two().await;
    poll_and_drive(&first).await;
    let sinks = [&first, &second].map(|house| house.app.deliver("memory"));
    let [one, other] = sinks;
    assert_eq!((one.await, other.await), (Delivered::All, Delivered::All));
    let told = |house: &House| -> Vec<u64> {
        let told = house.notifier.delivered();
        told.iter().map(|event| event.id).collect()
    };
    // The first event came before the sink was known.
    let all = |house: &House| -> Vec<u64> {
        let all = house.store.all_events();
        all.iter().skip(1).map(|event| event.id).collect()
    };
    assert_eq!(told(&first), all(&first), "each once");
    pass(&second, 20).await;
    second.push("v1.1.0", 2);
    poll_and_drive(&second).await;
    second.app.renew_leases().await.unwrap();
    assert_eq!(second.app.deliver("memory").await, Delivered::All);
    assert_eq!(told(&second), all(&second));
}

#[tokio::test]
async fn a_replica_that_attends_again_does_not_deploy_what_it_saw_the_last_time() {
    let (first, second) = two().await;
    first.push("v1.1.0", 2);
    poll_and_drive(&first).await;
    first.assert_runs("web", 2);
    // So long that it also looks anew at what runs.
    pass(&second, 360).await;
    first.push("v1.1.0", 3);
    poll_and_drive(&second).await;
    first.assert_runs("web", 3);
    pass(&first, 20).await;
    assert!(attends(&first) && !attends(&second));
    first.app.reconcile(&first.watches[0].name).await.unwrap();
    first.drive().await;
    first.assert_runs("web", 3);
    assert_eq!(first.holds(), ["registry_unknown"], "until it has asked");
    poll_and_drive(&first).await;
    assert_eq!(first.holds(), Vec::<&str>::new());
    first.assert_runs("web", 3);
}

#[tokio::test]
async fn a_newer_configuration_takes_the_work() {
    let (first, _) = two().await;
    assert!(attends(&first));
    let mut newer = first.neighbour().await;
    newer
        .reconfigure(|settings| {
            if let Some(sharing) = &mut settings.sharing {
                "two".clone_into(&mut sharing.fingerprint);
            }
        })
        .await;
    for _ in 0..20 {
        newer.app.renew_leases().await.unwrap();
        pass(&first, 1).await;
        assert!(!(attends(&newer) && attends(&first)));
    }
    assert!(attends(&newer));
}
