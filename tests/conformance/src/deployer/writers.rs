use registrywatcher::ports::{Accepted, Apply, DeployError, Deployer, Progress, Rollout};

use super::harness::{DeployerHarness, Moment, apply, follow_to_end};

/// What somebody else changes between our read and our write is not lost: the rollout is over what he left, or
/// [`DeployError::Unavailable`].
pub async fn an_edit_between_our_read_and_our_write_is_not_lost(harness: impl DeployerHarness) {
    if !harness.edit(Moment::BeforeNextWrite).await {
        return;
    }
    let deployer = harness.open();
    let apply = apply(&harness, 1, harness.healthy());
    let handle = accept(&*deployer, &apply).await.handle;
    assert!(
        harness.keeps_edit().await,
        "the edit is there once it is accepted"
    );
    let progress = follow_to_end(&*deployer, &Rollout { apply, handle }).await;
    assert_eq!(progress, Progress::Succeeded);
    assert!(harness.keeps_edit().await, "and at the end");
}

/// What somebody else changes during a rollout is not lost, and the rollout goes on to its end.
pub async fn an_edit_during_a_rollout_is_not_lost(harness: impl DeployerHarness) {
    let deployer = harness.open();
    let apply = apply(&harness, 1, harness.healthy());
    let handle = accept(&*deployer, &apply).await.handle;
    if !harness.edit(Moment::Now).await {
        return;
    }
    let progress = follow_to_end(&*deployer, &Rollout { apply, handle }).await;
    assert_eq!(progress, Progress::Succeeded);
    assert!(harness.keeps_edit().await, "the edit is there");
}

/// What somebody else deploys between our read and our write is not overwritten: it is [`DeployError::Unavailable`].
pub async fn a_deployment_by_somebody_else_is_not_overwritten(harness: impl DeployerHarness) {
    if !harness.deploy_outside(Moment::BeforeNextWrite).await {
        return;
    }
    let apply = apply(&harness, 1, harness.healthy());
    let answer = harness.open().apply(&apply).await;
    assert!(
        matches!(answer, Err(DeployError::Unavailable { .. })),
        "somebody else was faster, got {answer:?}"
    );
    assert_is_not_ours(&harness, &apply).await;
}

/// What somebody else deploys over a rollout of ours gives [`Progress::Superseded`], and stays.
pub async fn a_deployment_by_somebody_else_supersedes_ours(harness: impl DeployerHarness) {
    let deployer = harness.open();
    let undecided = harness.stuck().unwrap_or_else(|| harness.healthy());
    let apply = apply(&harness, 1, undecided);
    let handle = accept(&*deployer, &apply).await.handle;
    if !harness.deploy_outside(Moment::Now).await {
        return;
    }
    let rollout = Rollout { apply, handle };
    for instance in [deployer, harness.open()] {
        assert_eq!(
            follow_to_end(&*instance, &rollout).await,
            Progress::Superseded
        );
        assert_is_not_ours(&harness, &rollout.apply).await;
    }
}

/// Once more where somebody else was in the way, who does nothing twice.
async fn accept(deployer: &dyn Deployer, apply: &Apply) -> Accepted {
    match deployer.apply(apply).await {
        Err(DeployError::Unavailable { .. }) => deployer.apply(apply).await,
        answer => answer,
    }
    .expect("the rollout is accepted")
}

async fn assert_is_not_ours(harness: &impl DeployerHarness, apply: &Apply) {
    let runs = harness.runs().await.expect("the harness sees what runs");
    assert_ne!(runs, apply.pinned());
    assert_ne!(runs, harness.before(), "it is what somebody else deployed");
    let deployer = harness.open();
    if deployer.capabilities().sees_running {
        let running = deployer.running(&apply.workload).await;
        let running = running.expect("it can be asked for");
        assert_eq!(running.and_then(|running| running.mark), None);
    }
}
