//! Several processes discover the same.

use super::town::{Town, discover_at};
use crate::use_cases::house::House;

async fn two() -> (Town, House) {
    let mut town = Town::with_web(&[("policy", "semver")]).await;
    town.house.share().await;
    let second = town.house.neighbour().await;
    (town, second)
}

async fn attend(house: &House) {
    house.app.renew_leases().await.unwrap();
    house.app.follow_changes().await.unwrap();
}

async fn poll_and_drive(house: &House) {
    house.poll().await;
    house.drive().await;
}

fn names(house: &House) -> Vec<String> {
    let names = house.app.watch_names();
    names.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn both_find_it_and_one_attends_to_it() {
    let (town, second) = two().await;
    assert!(town.discover().await && discover_at(&second).await);
    assert_eq!(town.count("watch_added"), 1);
    attend(&town.house).await;
    attend(&second).await;
    let name = "production.web".parse().unwrap();
    assert!(town.house.app.attends_to(&name) && !second.app.attends_to(&name));
    town.house.push("v1.1.0", 2);
    poll_and_drive(&town.house).await;
    town.house.assert_runs("web", 2);
    assert_eq!(names(&second), ["production.web"]);
}

#[tokio::test]
async fn what_one_has_retired_the_other_deploys_no_more_even_before_it_looks() {
    let (town, second) = two().await;
    town.discover().await;
    discover_at(&second).await;
    attend(&second).await;
    town.label_web(&[]);
    assert!(town.discover().await);
    attend(&second).await;
    assert!(second.app.attends_to(&"production.web".parse().unwrap()));
    second.push("v1.1.0", 2);
    poll_and_drive(&second).await;
    town.house.assert_runs_tag("web", "v1.0.0");
    assert!(discover_at(&second).await);
    assert_eq!(names(&second), [""; 0]);
    assert_eq!(town.count("watch_retired"), 1);
}

#[tokio::test]
async fn what_one_has_retired_and_is_asked_for_again_comes_back_at_the_other() {
    let (town, second) = two().await;
    town.discover().await;
    discover_at(&second).await;
    town.label_web(&[]);
    town.discover().await;
    attend(&second).await;
    town.label_web(&[("policy", "semver")]);
    assert!(
        !discover_at(&second).await,
        "it never knew of another state"
    );
    assert!(!town.is_retired("production.web"));
    attend(&second).await;
    assert!(second.app.attends_to(&"production.web".parse().unwrap()));
    second.push("v1.1.0", 2);
    poll_and_drive(&second).await;
    second.assert_runs("web", 2);
}
