//! Workloads that ask to be watched.

use registrywatcher::ports::{Capabilities, Deployer as _, POLICY_LABEL};
use registrywatcher::token::Role;
use registrywatcher_conformance::samples;

use super::house::{House, token};

/// Adds a workload that asks to be watched.
fn label(house: &House, job: &str, policy: &str) {
    house
        .deployer
        .add_workload(job, &format!("registry.example/acme/{job}:v1.0.0"));
    house.deployer.set_capabilities(Capabilities {
        discovers: true,
        ..house.deployer.capabilities()
    });
    let workload = samples::workload("production", &[("job", job)]);
    house
        .deployer
        .label(job, &workload, &[(POLICY_LABEL, policy)]);
}

#[tokio::test]
async fn what_is_discovered_is_told_apart() {
    let house = House::new().await;
    label(&house, "found", "semver:^1");
    house.discover().await;
    let page = house.browser().get("/").await;
    page.assert_says("production.found registry.example/acme/found discovered");
    let found = house.browser().get("/watches/production.found").await;
    found.assert_says("discovered");
    let configured = house.browser().get("/watches/web").await;
    assert!(!configured.text().contains("discovered"));
}

#[tokio::test]
async fn what_cannot_be_watched_as_its_labels_are_is_told_to_who_sees_everything() {
    let tokens = vec![
        token("ada", Role::Viewer, None),
        token("bob", Role::Admin, Some(&["web"])),
    ];
    let house = House::with(tokens, &[]).await;
    for job in ["a", "b", "c", "d"] {
        label(&house, job, "newest");
    }
    house.discover().await;
    let ada = house.signed_in("ada").await.get("/").await;
    ada.assert_says("Discovery `production:job=a`:");
    ada.assert_says("1 more");
    assert!(!ada.text().contains("job=d"));
    let bob = house.signed_in("bob").await.get("/").await;
    assert!(!bob.text().contains("Discovery"));
}

#[tokio::test]
async fn a_deployer_that_cannot_be_asked_for_workloads_is_told() {
    let house = House::new().await;
    house.deployer.break_down();
    house.discover().await;
    let page = house.browser().get("/").await;
    page.assert_says("Discovery `production`: workloads cannot be discovered");
}
