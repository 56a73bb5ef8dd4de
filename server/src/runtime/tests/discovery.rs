use tokio::time::sleep;

use super::SECOND;
use super::outside::{Outside, watch};

const LABELS: [(&str, &str); 1] = [("registrywatcher.policy", "semver")];

#[tokio::test(start_paused = true)]
async fn what_is_found_at_the_start_is_polled_at_once() {
    let outside = Outside::new();
    outside.deployer.label(&LABELS);
    let _replica = outside.discover(Vec::new()).await;
    sleep(SECOND).await;
    assert_eq!(outside.registry.listings(), 1);
    sleep(48 * SECOND).await;
    assert_eq!(outside.registry.listings(), 1);
    sleep(2 * SECOND).await;
    assert_eq!(outside.registry.listings(), 2, "at its own interval");
}

#[tokio::test(start_paused = true)]
async fn what_is_labelled_later_is_polled_within_a_minute_and_dropped_when_it_is_not_any_more() {
    let outside = Outside::new();
    outside.deployer.label(&[]);
    let _replica = outside.discover(Vec::new()).await;
    sleep(610 * SECOND).await;
    assert_eq!(outside.registry.listings(), 0);
    outside.deployer.label(&LABELS);
    sleep(55 * SECOND).await;
    assert_eq!(outside.registry.listings(), 1);
    outside.deployer.label(&[]);
    sleep(60 * SECOND).await;
    assert_eq!(outside.registry.listings(), 2, "until it was asked again");
    sleep(3600 * SECOND).await;
    assert_eq!(outside.registry.listings(), 2);
    outside.deployer.label(&LABELS);
    sleep(60 * SECOND).await;
    assert_eq!(outside.registry.listings(), 3, "it came back");
}

#[tokio::test(start_paused = true)]
async fn a_poll_under_way_of_what_is_dropped_ends_without_harm() {
    let outside = Outside::new();
    outside.deployer.label(&LABELS);
    outside.registry.answers_after(25 * SECOND);
    let _replica = outside.discover(Vec::new()).await;
    sleep(30 * SECOND).await;
    outside.deployer.label(&[]);
    // It is polled from the 50th second on, and dropped in the 60th.
    sleep(1800 * SECOND).await;
    assert_eq!(outside.registry.listings(), 2);
    outside.deployer.label(&LABELS);
    sleep(60 * SECOND).await;
    assert_eq!(outside.registry.listings(), 3);
    assert_eq!(outside.registry.peak(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_deployer_that_says_nothing_holds_up_what_is_configured_for_some_seconds_alone() {
    let outside = Outside::new();
    outside.deployer.label(&LABELS);
    outside.deployer.be_silent(true);
    let _replica = outside.discover(vec![watch()]).await;
    sleep(4 * SECOND).await;
    assert_eq!(outside.registry.listings(), 0);
    sleep(2 * SECOND).await;
    assert_eq!(outside.registry.listings(), 1);
}
