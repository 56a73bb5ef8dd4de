//! The loops over fakes and paused time.

mod discovery;
mod outside;

use std::time::Duration;

use registrywatcher::app::Wake;
use tokio::time::sleep;

use outside::{Outside, repository};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_woken_repository_is_polled_at_once_and_never_twice_at_the_same_time() {
    let outside = Outside::new();
    outside.registry.answers_after(5 * SECOND);
    let replica = outside.start(None).await;
    sleep(SECOND).await;
    for _ in 0..3 {
        (replica.waker)(Wake::Repository(repository()));
    }
    assert_eq!(outside.registry.listings(), 1);
    sleep(5 * SECOND).await;
    assert_eq!(outside.registry.listings(), 2, "once more, after the first");
    sleep(20 * SECOND).await;
    assert_eq!(outside.registry.listings(), 2);
    (replica.waker)(Wake::Repository(repository()));
    sleep(SECOND).await;
    assert_eq!(outside.registry.listings(), 3, "brought forward");
    assert_eq!(outside.registry.peak(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_asks_to_wait_is_left_alone_even_by_what_is_woken() {
    let outside = Outside::new();
    outside.registry.limits_for(10 * 60 * SECOND);
    let replica = outside.start(None).await;
    sleep(SECOND).await;
    (replica.waker)(Wake::Repository(repository()));
    sleep(9 * 60 * SECOND).await;
    assert_eq!(outside.registry.listings(), 1);
    sleep(2 * 60 * SECOND).await;
    assert_eq!(outside.registry.listings(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_does_nothing_any_more() {
    let outside = Outside::new();
    let replica = outside.start(None).await;
    sleep(SECOND).await;
    drop(replica);
    tokio::task::yield_now().await;
    let before = outside.registry.listings();
    sleep(3600 * SECOND).await;
    assert_eq!(outside.registry.listings(), before);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_dropped_and_let_go_when_its_lease_runs_out() {
    let outside = Outside::new();
    let _replica = outside.start(Some(15 * SECOND)).await;
    sleep(SECOND).await;
    assert_eq!(outside.deployer.attempts(), (1, 1), "one is under way");
    outside.store.fail_next(1000);
    sleep(10 * SECOND).await;
    assert_eq!(outside.deployer.attempts(), (1, 1), "the lease still holds");
    sleep(6 * SECOND).await;
    assert_eq!(outside.deployer.attempts(), (1, 0), "nobody attends to it");
    assert_eq!(outside.deployer.let_go().len(), 1);
    outside.store.fail_next(0);
    sleep(5 * SECOND).await;
    assert_eq!(outside.deployer.attempts(), (2, 1), "it is taken up again");
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_stops_lets_go_and_hands_over_at_once() {
    let outside = Outside::new();
    let first = outside.start(Some(60 * SECOND)).await;
    sleep(SECOND).await;
    let second = outside.start(Some(60 * SECOND)).await;
    sleep(SECOND).await;
    assert_eq!(outside.deployer.attempts(), (1, 1));
    first.background.stop().await;
    assert_eq!(
        outside.deployer.attempts(),
        (1, 0),
        "nothing is driven any more"
    );
    assert_eq!(outside.deployer.let_go().len(), 1);
    sleep(13 * SECOND).await;
    assert_eq!(outside.deployer.attempts(), (2, 1), "the other one goes on");
    drop(second);
}
