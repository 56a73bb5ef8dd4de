use registrywatcher::ports::{Apply, DeployError, Progress, Rollout};

use super::harness::{DeployerHarness, apply, follow_to_end};

/// Credentials that the orchestrator refuses are [`DeployError::Refused`]. They decide no rollout that is under way, and no
/// secret is told.
pub async fn credentials_that_the_orchestrator_refuses_are_told_as_such(
    harness: impl DeployerHarness,
) {
    let apply = apply(&harness, 1, harness.healthy());
    let accepted = harness.open().apply(&apply).await;
    let handle = accepted.expect("the rollout is accepted").handle;
    if !harness.refuse_credentials().await {
        return;
    }
    let deployer = harness.open();
    let later = Apply {
        id: self::apply(&harness, 2, harness.healthy()).id,
        ..apply.clone()
    };
    assert_refused(&deployer.apply(&later).await);
    assert_discreet(&harness, &deployer.apply(&later).await);
    if deployer.capabilities().sees_running {
        let running = deployer.running(&apply.workload).await;
        assert_refused(&running);
        assert_discreet(&harness, &running);
    }
    let found = deployer.discover().await;
    assert!(found.is_err(), "nothing can be looked for, got {found:?}");
    assert_discreet(&harness, &found);

    let progress = deployer.follow(&Rollout { apply, handle }).await;
    assert!(
        matches!(progress, Ok(Progress::Rolling { .. }) | Err(_)),
        "it goes on whether or not we may look, got {progress:?}"
    );
    assert_discreet(&harness, &progress);
}

/// An image that the registry refuses to give is not blamed for that.
pub async fn an_image_that_may_not_be_pulled_is_not_to_blame(harness: impl DeployerHarness) {
    let Some(apply) = harness.locked().await else {
        return;
    };
    let deployer = harness.open();
    let accepted = match deployer.apply(&apply).await {
        Ok(accepted) => accepted,
        refused => {
            assert_refused(&refused);
            return assert_discreet(&harness, &refused);
        }
    };
    let handle = accepted.handle;
    let progress = follow_to_end(&*deployer, &Rollout { apply, handle }).await;
    let Progress::Failed { reason, .. } = &progress else {
        panic!("it fails, got {progress:?}")
    };
    assert!(!reason.blames_image(), "got {reason:?}");
    assert_discreet(&harness, &progress);
}

#[track_caller]
fn assert_refused<T: std::fmt::Debug>(answer: &Result<T, DeployError>) {
    match answer {
        Err(error @ DeployError::Refused { .. }) => assert!(!error.is_transient()),
        other => panic!("refused, got {other:?}"),
    }
}

/// Neither an answer nor what it comes from tells a secret.
#[track_caller]
fn assert_discreet(harness: &impl DeployerHarness, answer: &impl std::fmt::Debug) {
    let told = format!("{answer:?}");
    let told_secret = harness
        .secrets()
        .into_iter()
        .any(|secret| told.contains(&secret));
    assert!(!told_secret, "a secret is told");
}
