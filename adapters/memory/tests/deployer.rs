//! The switches of the fake orchestrator, beyond the Deployer port's contract.

#![expect(
    clippy::expect_used,
    reason = "a test panics where its premise is broken"
)]

use registrywatcher::deployment::{DeploymentId, Failure};
use registrywatcher::intent::Candidate;
use registrywatcher::ports::{Apply, DeployError, Deployer, Progress, Rollout};
use registrywatcher_conformance::samples;
use registrywatcher_memory::MemoryDeployer;

const JOB: &str = "web";

fn deployer() -> MemoryDeployer {
    let deployer = MemoryDeployer::new();
    deployer.add_workload(JOB, "ghcr.io/acme/web:v1");
    deployer
}

fn apply(number: u8) -> Apply {
    Apply {
        id: DeploymentId(uuid::Uuid::from_u128(number.into())),
        workload: samples::workload("memory", &[("job", JOB)]),
        source: "ghcr.io/acme/web".parse().expect("a reference"),
        candidate: Candidate {
            tag: samples::tag(&format!("v{number}")),
            image: samples::image(number),
        },
        forced: false,
        previous: None,
    }
}

async fn accept(deployer: &MemoryDeployer, number: u8) -> Rollout {
    let apply = apply(number);
    let accepted = deployer
        .apply(&apply)
        .await
        .expect("the rollout is accepted");
    Rollout {
        apply,
        handle: accepted.handle,
    }
}

#[tokio::test]
async fn a_held_rollout_rolls_until_it_is_finished() {
    let deployer = deployer();
    deployer.hold_rollouts();
    let rollout = accept(&deployer, 2).await;
    assert!(matches!(
        deployer.follow(&rollout).await,
        Ok(Progress::Rolling { .. })
    ));
    deployer.finish(JOB, Progress::AwaitingPromotion);
    assert_eq!(
        deployer.follow(&rollout).await.unwrap(),
        Progress::AwaitingPromotion
    );
    assert_eq!(
        deployer.running_digest(JOB),
        None,
        "the old image runs until then"
    );
    deployer.finish(JOB, Progress::Succeeded);
    assert_eq!(
        deployer.follow(&rollout).await.unwrap(),
        Progress::Succeeded
    );
    assert_eq!(deployer.running_digest(JOB), Some(samples::digest(2)));
}

#[tokio::test]
async fn a_failed_image_runs_on_unless_it_was_reverted() {
    for (restored, runs) in [(true, samples::digest(2)), (false, samples::digest(3))] {
        let deployer = deployer();
        let before = accept(&deployer, 2).await;
        assert_eq!(deployer.follow(&before).await.unwrap(), Progress::Succeeded);
        deployer.fail_next_image("unhealthy", restored);
        let rollout = accept(&deployer, 3).await;
        let reason = Failure::Image {
            message: "unhealthy".to_owned(),
        };
        assert_eq!(
            deployer.follow(&rollout).await.unwrap(),
            Progress::Failed { reason, restored }
        );
        assert_eq!(
            deployer.running_digest(JOB),
            Some(runs),
            "restored: {restored}"
        );
    }
}

#[tokio::test]
async fn a_deployment_from_outside_supersedes_ours_and_wipes_the_mark() {
    let deployer = deployer();
    let first = accept(&deployer, 2).await;
    deployer.follow(&first).await.unwrap();
    assert_eq!(deployer.running_mark(JOB), Some(first.apply.id));

    let second = accept(&deployer, 3).await;
    deployer.deploy_outside(JOB, "ghcr.io/acme/web:hotfix");
    assert_eq!(
        deployer.follow(&second).await.unwrap(),
        Progress::Superseded
    );
    assert_eq!(deployer.running_mark(JOB), None);
    assert_eq!(
        deployer.follow(&first).await.unwrap(),
        Progress::Succeeded,
        "it had ended before"
    );
    assert_eq!(deployer.applied(), [first.apply.id, second.apply.id]);
}

#[tokio::test]
async fn a_lost_answer_starts_one_rollout_and_a_refusal_none() {
    let deployer = deployer();
    deployer.refuse_next("quota");
    let refusal = deployer.apply(&apply(2)).await.unwrap_err();
    assert!(matches!(&refusal, DeployError::Refused { problem, .. } if problem == "quota"));
    assert_eq!(deployer.applied(), []);

    deployer.lose_next_answer();
    let lost = deployer.apply(&apply(2)).await.unwrap_err();
    assert!(lost.is_transient());
    accept(&deployer, 2).await;
    assert_eq!(deployer.applied(), [apply(2).id]);
}

#[tokio::test]
async fn what_was_accepted_survives_an_outage_but_not_its_workload() {
    let deployer = deployer();
    let rollout = accept(&deployer, 2).await;
    deployer.break_down();
    assert!(deployer.follow(&rollout).await.unwrap_err().is_transient());
    deployer.recover();
    assert_eq!(
        deployer.follow(&rollout).await.unwrap(),
        Progress::Succeeded
    );
    deployer.remove_workload(JOB);
    let gone = deployer.running(&rollout.apply.workload).await;
    assert!(matches!(gone, Err(DeployError::WorkloadNotFound { .. })));
}
