use registrywatcher::ports::{Apply, Deployer, Progress, Rollout};

use super::harness::{DeployerHarness, apply, follow_to_end, image_failure};

/// A rollout that was let go is taken up by another instance, as by another replica, and goes on where it was left.
pub async fn a_rollout_that_was_let_go_is_taken_up_by_another_instance(
    harness: impl DeployerHarness,
) {
    let first = harness.open();
    let before = harness.replacements().await;
    let apply = apply(&harness, 1, harness.healthy());
    let rollout = accept(&*first, apply.clone()).await;
    first
        .follow(&rollout)
        .await
        .expect("the rollout can be followed");
    first.let_go(apply.id).await;

    let second = harness.open();
    let again = accept(&*second, apply).await;
    for rollout in [again, rollout] {
        let progress = follow_to_end(&*second, &rollout).await;
        assert_eq!(progress, Progress::Succeeded);
    }
    if second.capabilities().carries_mark {
        assert_eq!(harness.replacements().await - before, 1, "one rollout");
    }
}

/// What was applied before a crash of ours, before its handle was stored or after, is found by its id and never begun anew.
pub async fn what_was_applied_before_a_crash_is_not_begun_anew(harness: impl DeployerHarness) {
    for (number, candidate) in [(1, harness.healthy()), (2, harness.broken())] {
        let is_healthy = candidate == harness.healthy();
        let apply = apply(&harness, number, candidate);
        let before = harness.replacements().await;
        let crashed = harness.open();
        accept(&*crashed, apply.clone()).await;
        drop(crashed);

        // The second time around, it has ended already.
        for _ in 0..2 {
            let deployer = harness.open();
            let rollout = accept(&*deployer, apply.clone()).await;
            let progress = follow_to_end(&*deployer, &rollout).await;
            let is_as_expected = if is_healthy {
                progress == Progress::Succeeded
            } else {
                image_failure(&progress).is_some()
            };
            assert!(is_as_expected, "got {progress:?}");
        }
        if harness.open().capabilities().carries_mark {
            let made = harness.replacements().await - before;
            // What ran before is brought back by a replacement of its own.
            let most = if is_healthy { 1 } else { 2 };
            assert!((1..=most).contains(&made), "one rollout, got {made}");
        }
    }
}

async fn accept(deployer: &dyn Deployer, apply: Apply) -> Rollout {
    let accepted = deployer.apply(&apply).await;
    Rollout {
        apply,
        handle: accepted.expect("the rollout is accepted").handle,
    }
}
