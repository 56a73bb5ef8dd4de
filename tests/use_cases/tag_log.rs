//! What repositories had, and when, is written down.

use registrywatcher::ports::{LoggedTag, TagLogQuery};
use registrywatcher_memory::RegistryFault;

use super::house::{House, repository, tag};

async fn log(house: &House) -> Vec<(String, bool, bool)> {
    let query = TagLogQuery {
        repository: repository(),
        tag: None,
        current: false,
        after: None,
        limit: 100,
    };
    let rows = house.app.tag_log(&query).await.unwrap();
    let summary = |row: &LoggedTag| {
        let is_current = row.last_seen.is_none();
        (row.tag.to_string(), row.image.is_some(), is_current)
    };
    rows.iter().map(summary).collect()
}

fn row(tag: &str, has_image: bool, is_current: bool) -> (String, bool, bool) {
    (tag.to_owned(), has_image, is_current)
}

async fn with_one_tag() -> House {
    let house = House::with_workload("registry.example/acme/web:v1.0.0").await;
    house.push("v1.0.0", 1);
    house.turn().await;
    house
}

#[tokio::test]
async fn what_was_listed_and_what_it_pointed_to_is_logged_once() {
    let house = with_one_tag().await;
    let first = [row("v1.0.0", false, true), row("v1.0.0", true, true)];
    assert_eq!(log(&house).await, first);
    house.turn().await;
    let calls = house.store.calls();
    house.turn().await;
    assert_eq!(house.store.calls(), calls, "nothing new");
    house.push("v1.0.0", 2);
    for _ in 0..11 {
        house.turn().await;
    }
    let mut expected = first.to_vec();
    expected[1].2 = false;
    expected.push(row("v1.0.0", true, true));
    assert_eq!(log(&house).await, expected, "it was pushed again");
}

#[tokio::test]
async fn a_tag_that_is_gone_ends_also_if_that_happened_while_the_service_was_down() {
    for down in [false, true] {
        let mut house = with_one_tag().await;
        house.push("v1.1.0", 2);
        house.turn().await;
        if down {
            house.restart().await;
        }
        house.registry.remove_tag(&repository(), &tag("v1.0.0"));
        house.turn().await;
        let expected = [
            row("v1.0.0", false, false),
            row("v1.0.0", true, false),
            row("v1.1.0", false, true),
            row("v1.1.0", true, true),
        ];
        assert_eq!(log(&house).await, expected);
    }
}

#[tokio::test]
async fn a_listing_that_failed_or_was_partial_changes_nothing() {
    let mut house = with_one_tag().await;
    let before = log(&house).await;
    for fault in [RegistryFault::Partial, RegistryFault::Unavailable] {
        house.restart().await;
        house.registry.set_fault(Some(fault));
        house.turn().await;
        assert_eq!(log(&house).await, before, "{fault:?}");
    }
}

#[tokio::test]
async fn a_store_that_cannot_write_the_log_delays_nothing_and_is_asked_again() {
    let house = with_one_tag().await;
    house.push("v1.1.0", 2);
    house.store.fail_next(1);
    house.turn().await;
    house.assert_runs("web", 2);
    house.turn().await;
    assert!(log(&house).await.contains(&row("v1.1.0", false, true)));
}

#[tokio::test]
async fn what_is_older_than_the_retention_is_removed() {
    let house = with_one_tag().await;
    house.push("v1.1.0", 2);
    house.registry.remove_tag(&repository(), &tag("v1.0.0"));
    house.turn().await;
    assert_eq!(house.app.prune_tag_log().await.unwrap(), 0);
    let year = house.settings.tag_log_retention;
    house
        .clock
        .advance(year + std::time::Duration::from_secs(1));
    assert_eq!(house.app.prune_tag_log().await.unwrap(), 2);
    let kept = [row("v1.1.0", false, true), row("v1.1.0", true, true)];
    assert_eq!(log(&house).await, kept);
}
