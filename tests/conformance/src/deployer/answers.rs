use registrywatcher::ports::{Apply, DeployError, Rollout};

use super::harness::{DeployerHarness, apply};

/// `unit` names what rolls as one, and refuses an address it cannot read.
pub async fn unit_names_what_rolls_as_one_and_refuses_an_address_it_cannot_read(
    harness: impl DeployerHarness,
) {
    let deployer = harness.open();
    let workload = harness.workload();
    let unit = deployer.unit(&workload).expect("the workload has a unit");
    assert_eq!(
        harness.open().unit(&workload).expect("it has one"),
        unit,
        "after a restart"
    );
    let owner = format!("{}:", workload.deployer);
    assert!(
        unit.as_str().starts_with(&owner),
        "{unit} belongs to {owner}"
    );
    if let Some(idle) = harness.idle() {
        assert_ne!(
            deployer.unit(&idle).expect("it has one too"),
            unit,
            "another unit"
        );
    }

    let malformed = harness.malformed();
    let refused = deployer.unit(&malformed);
    assert!(
        matches!(refused, Err(DeployError::InvalidAddress { .. })),
        "got {refused:?}"
    );
    let request = Apply {
        workload: malformed,
        ..apply(&harness, 1, harness.healthy())
    };
    let refused = deployer.apply(&request).await;
    assert!(
        matches!(refused, Err(DeployError::InvalidAddress { .. })),
        "got {refused:?}"
    );
}

/// `running` is `None` for a workload that runs no image, and [`DeployError::WorkloadNotFound`] for an unknown one.
pub async fn running_tells_an_image_from_none_and_from_an_unknown_workload(
    harness: impl DeployerHarness,
) {
    let deployer = harness.open();
    let running = deployer
        .running(&harness.workload())
        .await
        .expect("the workload can be asked for");
    if !deployer.capabilities().sees_running {
        assert_eq!(running, None, "what cannot be seen is not told");
        return;
    }
    let running = running.expect("the workload runs an image");
    assert_eq!(running.image, harness.before());
    assert_eq!(running.mark, None, "nobody deployed it yet");

    if let Some(idle) = harness.idle() {
        assert_eq!(
            deployer.running(&idle).await.expect("it can be asked for"),
            None
        );
    }
    if let Some(unknown) = harness.unknown() {
        let answer = deployer.running(&unknown).await;
        assert!(
            matches!(answer, Err(DeployError::WorkloadNotFound { .. })),
            "got {answer:?}"
        );
    }
}

/// An unknown workload is [`DeployError::WorkloadNotFound`], never [`DeployError::Unavailable`].
pub async fn an_unknown_workload_is_not_found_and_never_unavailable(harness: impl DeployerHarness) {
    let Some(workload) = harness.unknown() else {
        return;
    };
    let deployer = harness.open();
    deployer.unit(&workload).expect("its address can be read");
    let apply = Apply {
        workload,
        ..apply(&harness, 1, harness.healthy())
    };
    let answer = deployer.apply(&apply).await;
    assert!(
        matches!(answer, Err(DeployError::WorkloadNotFound { .. })),
        "got {answer:?}"
    );
}

/// An orchestrator that is down is [`DeployError::Unavailable`], and a [`DiscoverError`](registrywatcher::ports::DiscoverError).
pub async fn an_orchestrator_that_is_down_is_unavailable(harness: impl DeployerHarness) {
    let deployer = harness.open();
    let apply = apply(&harness, 1, harness.healthy());
    let accepted = deployer
        .apply(&apply)
        .await
        .expect("the rollout is accepted");
    if !harness.break_down().await {
        return;
    }
    let later = Apply {
        id: self::apply(&harness, 2, harness.healthy()).id,
        ..apply.clone()
    };
    assert_unavailable(&deployer.apply(&later).await);
    if deployer.capabilities().sees_running {
        assert_unavailable(&deployer.running(&apply.workload).await);
    }
    let found = deployer.discover().await;
    assert!(found.is_err(), "nothing is found by nobody, got {found:?}");
    assert_unavailable(
        &deployer
            .follow(&Rollout {
                apply,
                handle: accepted.handle,
            })
            .await,
    );
}

#[track_caller]
fn assert_unavailable<T: std::fmt::Debug>(answer: &Result<T, DeployError>) {
    match answer {
        Err(error @ DeployError::Unavailable { .. }) => assert!(error.is_transient()),
        other => panic!("unavailable, got {other:?}"),
    }
}
