use std::time::Duration;

use registrywatcher::ports::{Apply, DeployError, Progress, Rollout};

use super::harness::{
    DeployerHarness, MOST_FOLLOWS, apply, follow_to_end, image_failure, roll_out,
};

/// `Ok` of `apply` means the orchestrator *accepted* the rollout, not that it has finished.
pub async fn ok_of_apply_means_accepted_not_finished(harness: impl DeployerHarness) {
    let deployer = harness.open();
    // To its end, for the orchestrator may bring back what ran before at the moment when the next is asked for.
    let broken = apply(&harness, 1, harness.broken());
    let progress = roll_out(&*deployer, broken).await;
    assert_ne!(progress, Progress::Succeeded, "it never succeeds");

    let Some(stuck) = harness.stuck() else { return };
    let apply = apply(&harness, 2, stuck);
    let accepted = deployer
        .apply(&apply)
        .await
        .expect("what will not succeed is accepted");
    let handle = accepted.handle;
    let progress = deployer.follow(&Rollout { apply, handle }).await;
    assert!(
        !matches!(progress, Ok(Progress::Succeeded)),
        "it never succeeds"
    );
}

/// `apply` is idempotent by deployment id: a second call with the same id starts no second rollout.
pub async fn applying_the_same_deployment_twice_starts_one_rollout(harness: impl DeployerHarness) {
    let deployer = harness.open();
    let before = harness.replacements().await;
    let apply = apply(&harness, 1, harness.healthy());
    let first = deployer.apply(&apply).await.expect("the first is accepted");
    let second = deployer
        .apply(&apply)
        .await
        .expect("the second is accepted too");
    if deployer.capabilities().carries_mark {
        harness
            .open()
            .apply(&apply)
            .await
            .expect("so is one after a restart");
    }
    for handle in [first.handle, second.handle] {
        let rollout = Rollout {
            apply: apply.clone(),
            handle,
        };
        assert_eq!(
            follow_to_end(&*deployer, &rollout).await,
            Progress::Succeeded
        );
    }
    deployer
        .apply(&apply)
        .await
        .expect("one that has ended is accepted");
    assert_eq!(harness.replacements().await - before, 1, "one rollout");
}

/// `follow` gives [`Progress::Succeeded`] once the workload runs the image and is healthy; `running` then names its
/// digest, tag and mark, where the capabilities say so.
pub async fn a_rollout_that_becomes_healthy_succeeds_and_is_what_runs(
    harness: impl DeployerHarness,
) {
    let deployer = harness.open();
    let apply = apply(&harness, 1, harness.healthy());
    assert_eq!(
        roll_out(&*deployer, apply.clone()).await,
        Progress::Succeeded
    );

    let capabilities = deployer.capabilities();
    let running = deployer
        .running(&apply.workload)
        .await
        .expect("the workload can be asked for");
    if !capabilities.sees_running {
        assert_eq!(running, None, "what cannot be seen is not told");
        return;
    }
    let running = running.expect("the workload runs the image");
    assert_eq!(running.image.repository(), apply.source.repository());
    if capabilities.pins_digest {
        let digest = running.image.digest().expect("it runs by digest");
        let image = &apply.candidate.image;
        assert!(
            image.has_digest(digest, running.platform.as_ref()),
            "{digest} is of {image:?}"
        );
    }
    if capabilities.carries_mark {
        assert_eq!(running.mark, Some(apply.id));
        assert_eq!(running.tag, Some(apply.candidate.tag));
    }
}

/// A rollout that fails gives [`Progress::Failed`], and says whether what ran before runs again.
pub async fn a_rollout_that_fails_says_whether_what_ran_before_runs_again(
    harness: impl DeployerHarness,
) {
    let deployer = harness.open();
    let apply = apply(&harness, 1, harness.broken());
    let workload = apply.workload.clone();
    let before = deployer
        .running(&workload)
        .await
        .expect("the workload can be asked for");

    let progress = roll_out(&*deployer, apply).await;
    let restored = image_failure(&progress)
        .unwrap_or_else(|| panic!("failed by fault of the image, got {progress:?}"));
    let capabilities = deployer.capabilities();
    if capabilities.sees_running {
        let after = deployer
            .running(&workload)
            .await
            .expect("the workload can be asked for");
        let is_as_before =
            after.map(|running| running.image) == before.map(|running| running.image);
        assert_eq!(restored, is_as_before, "whether what ran before runs again");
    } else {
        assert!(!restored, "what cannot be seen is not promised");
    }
}

/// A rollout can be followed from its handle alone, as after a restart of ours.
pub async fn a_rollout_can_be_followed_from_its_handle_alone(harness: impl DeployerHarness) {
    for (number, candidate) in [(1, harness.healthy()), (2, harness.broken())] {
        let is_healthy = candidate == harness.healthy();
        let apply = apply(&harness, number, candidate);
        let deployer = harness.open();
        let accepted = deployer
            .apply(&apply)
            .await
            .expect("the rollout is accepted");
        drop(deployer);

        let rollout = Rollout {
            apply,
            handle: accepted.handle,
        };
        let progress = follow_to_end(&*harness.open(), &rollout).await;
        if is_healthy {
            assert_eq!(progress, Progress::Succeeded);
        } else {
            assert!(
                image_failure(&progress).is_some(),
                "failed by its image, got {progress:?}"
            );
        }
    }
}

/// `follow` returns within about a minute, with [`Progress::Rolling`] if nothing was decided by then.
pub async fn follow_returns_within_about_a_minute(harness: impl DeployerHarness) {
    let Some(stuck) = harness.stuck() else { return };
    let deployer = harness.open();
    let apply = apply(&harness, 1, stuck);
    let accepted = deployer
        .apply(&apply)
        .await
        .expect("the rollout is accepted");
    let rollout = Rollout {
        apply,
        handle: accepted.handle,
    };
    let progress = tokio::time::timeout(Duration::from_secs(75), deployer.follow(&rollout))
        .await
        .expect("it returns by itself")
        .expect("the rollout can be followed");
    assert!(
        matches!(progress, Progress::Rolling { .. }),
        "undecided, got {progress:?}"
    );
}

/// A forced rollout replaces a workload that runs the image already.
pub async fn a_forced_rollout_replaces_what_runs_the_image_already(harness: impl DeployerHarness) {
    let deployer = harness.open();
    let first = apply(&harness, 1, harness.healthy());
    assert_eq!(roll_out(&*deployer, first).await, Progress::Succeeded);

    let before = harness.replacements().await;
    let again = Apply {
        forced: true,
        ..apply(&harness, 2, harness.healthy())
    };
    assert_eq!(
        roll_out(&*deployer, again.clone()).await,
        Progress::Succeeded
    );
    assert_eq!(
        harness.replacements().await - before,
        1,
        "the workload was replaced"
    );
    if deployer.capabilities().carries_mark && deployer.capabilities().sees_running {
        let running = deployer
            .running(&again.workload)
            .await
            .expect("it can be asked for");
        assert_eq!(running.and_then(|running| running.mark), Some(again.id));
    }
}

/// `promote` lets a rollout that is [`Progress::AwaitingPromotion`] go on to its end. One that was promoted already stays so.
pub async fn a_rollout_that_waits_at_its_canaries_goes_on_once_promoted(
    harness: impl DeployerHarness,
) {
    let deployer = harness.open();
    let has_canaries = harness.use_canaries().await;
    assert_eq!(has_canaries, deployer.capabilities().canaries);
    if !has_canaries {
        return;
    }
    let apply = apply(&harness, 1, harness.healthy());
    let handle = deployer.apply(&apply).await.expect("it is accepted").handle;
    let rollout = Rollout { apply, handle };
    for attempt in 0.. {
        let progress = deployer.follow(&rollout).await.expect("it can be followed");
        if progress == Progress::AwaitingPromotion {
            break;
        }
        assert!(
            attempt < MOST_FOLLOWS && matches!(progress, Progress::Rolling { .. }),
            "it waits, got {progress:?}"
        );
    }
    // By another instance, as any replica may be asked.
    let other = harness.open();
    other.promote(&rollout).await.expect("it can be promoted");
    other.promote(&rollout).await.expect("and is");
    let mut last = None;
    for _ in 0..MOST_FOLLOWS {
        match deployer.follow(&rollout).await.expect("it can be followed") {
            Progress::Succeeded => return,
            progress => last = Some(progress),
        }
    }
    panic!("it is promoted, and stays at {last:?}");
}

/// One that does not wait, or a deployer without canaries, is [`DeployError::Refused`] by `promote`.
pub async fn what_does_not_wait_for_a_promotion_is_not_promoted(harness: impl DeployerHarness) {
    let deployer = harness.open();
    let apply = apply(&harness, 1, harness.healthy());
    let handle = deployer.apply(&apply).await.expect("it is accepted").handle;
    let rollout = Rollout { apply, handle };
    follow_to_end(&*deployer, &rollout).await;
    let refused = deployer.promote(&rollout).await;
    assert!(
        matches!(refused, Err(DeployError::Refused { .. })),
        "{refused:?}"
    );
}
