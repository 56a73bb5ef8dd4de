use std::sync::Arc;

use registrywatcher::ports::{Apply, Deployer, Progress, Rollout};

use super::harness::{DeployerHarness, apply, follow_to_end, image_failure};

/// A rollout that was let go is taken up by another instance, as by another replica, and goes on where it was left.
pub async fn a_rollout_that_was_let_go_is_taken_up_by_another_instance(
    harness: impl DeployerHarness,
) {
    let before = harness.replacements().await;
    let (rollout, second) = hand_over(&harness, apply(&harness, 1, harness.healthy())).await;
    let again = accept(&*second, rollout.apply.clone()).await;
    for rollout in [again, rollout] {
        let progress = follow_to_end(&*second, &rollout).await;
        assert_eq!(progress, Progress::Succeeded);
    }
    if second.capabilities().carries_mark {
        assert_eq!(harness.replacements().await - before, 1, "one rollout");
    }

    if let Some(stuck) = harness.stuck() {
        let (rollout, second) = hand_over(&harness, apply(&harness, 2, stuck)).await;
        let progress = second.follow(&rollout).await;
        assert!(
            matches!(progress, Ok(Progress::Rolling { .. })),
            "what is let go is not ended, got {progress:?}"
        );
    }
}

/// What was applied before a crash of ours, before its handle was stored or after, is found by its id and never begun anew.
pub async fn what_was_applied_before_a_crash_is_not_begun_anew(harness: impl DeployerHarness) {
    for (number, candidate) in [(1, harness.healthy()), (2, harness.broken())] {
        let is_healthy = candidate == harness.healthy();
        let apply = Apply {
            // So that it would show if it was begun anew.
            forced: true,
            ..apply(&harness, number, candidate)
        };
        let crashed = harness.open();
        accept(&*crashed, apply.clone()).await;
        drop(crashed);

        let mut replacements = Vec::new();
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
            replacements.push(harness.replacements().await);
        }
        if harness.open().capabilities().carries_mark {
            assert_eq!(replacements[0], replacements[1], "it had ended");
        }
    }
}

/// Begins a rollout in one instance, which lets it go, and opens another.
async fn hand_over(harness: &impl DeployerHarness, apply: Apply) -> (Rollout, Arc<dyn Deployer>) {
    let first = harness.open();
    let rollout = accept(&*first, apply).await;
    let progress = first.follow(&rollout).await;
    progress.expect("the rollout can be followed");
    first.let_go(rollout.apply.id).await;
    (rollout, harness.open())
}

async fn accept(deployer: &dyn Deployer, apply: Apply) -> Rollout {
    let accepted = deployer.apply(&apply).await;
    Rollout {
        apply,
        handle: accepted.expect("the rollout is accepted").handle,
    }
}
