//! How rollouts go and end.

use std::time::Duration;

use registrywatcher::deployment::Failure;
use registrywatcher::ports::Progress;
use registrywatcher_conformance::samples::digest;
use serde_json::json;

use crate::support::{Cluster, STALLED, assert_failed, by_orchestrator};

#[tokio::test]
async fn a_pull_limit_is_not_the_image_s_fault_and_a_missing_manifest_is() {
    for (message, blames_image) in [
        (
            "Failed to pull `team/web`: toomanyrequests: You have reached your pull rate limit",
            false,
        ),
        (
            "Failed to pull `team/web`: API error (404): manifest unknown",
            true,
        ),
    ] {
        let cluster = Cluster::start().await;
        cluster.nomad.fail_image(digest(2).as_str(), message);
        match cluster.roll_out(cluster.apply(1, "v2", 2)).await {
            Progress::Failed {
                reason,
                restored: false,
            } => {
                assert_eq!(reason.blames_image(), blames_image, "{reason:?}");
                assert!(reason.message().contains(message), "{reason:?}");
            }
            other => panic!("expected a failure, got {other:?}"),
        }
    }
}

#[tokio::test]
async fn what_waits_for_room_says_so_and_goes_on_when_there_is_some() {
    let cluster = Cluster::start().await;
    cluster.nomad.exhaust_capacity();
    let rollout = cluster
        .begin(cluster.apply(1, "v2", 2))
        .await
        .expect("it is accepted");
    let says_so = |progress: &Progress| matches!(progress, Progress::Rolling { detail } if detail.contains("cannot be placed: memory exhausted"));
    cluster.follow_until(&rollout, says_so).await;
    cluster.nomad.free_capacity();
    assert_eq!(cluster.follow(&rollout).await, Progress::Succeeded);
}

#[tokio::test]
async fn a_deadline_without_any_placement_is_the_orchestrator_s_fault() {
    let cluster = Cluster::start_with("team/web:v1", |job| {
        job["TaskGroups"][0]["Update"]["ProgressDeadline"] = json!(50_000_000);
    })
    .await;
    cluster.nomad.exhaust_capacity();
    assert_failed(
        &cluster.roll_out(cluster.apply(1, "v2", 2)).await,
        by_orchestrator,
        false,
    );
}

#[tokio::test]
async fn canaries_wait_for_their_promotion() {
    let cluster = Cluster::start_with("team/web:v1", |job| {
        job["TaskGroups"][0]["Count"] = json!(2);
        job["TaskGroups"][0]["Update"]["Canary"] = json!(1);
    })
    .await;
    let rollout = cluster
        .begin(cluster.apply(1, "v2", 2))
        .await
        .expect("it is accepted");
    assert_eq!(cluster.follow(&rollout).await, Progress::AwaitingPromotion);
    assert_eq!(
        cluster.nomad.running_image("web", "app", "app").as_deref(),
        Some("team/web:v1")
    );

    let deployment = cluster.deployment();
    let body = json!({ "DeploymentID": deployment, "All": true });
    cluster
        .command(&format!("deployment/promote/{deployment}"), body)
        .await;
    let progress = cluster
        .follow_until(&rollout, |progress| {
            *progress != Progress::AwaitingPromotion
        })
        .await;
    assert!(
        matches!(progress, Progress::Rolling { .. } | Progress::Succeeded),
        "{progress:?}"
    );
    assert_eq!(cluster.follow(&rollout).await, Progress::Succeeded);
}

#[tokio::test]
async fn a_paused_rollout_says_so_until_it_is_resumed() {
    let cluster = Cluster::start().await;
    let rollout = cluster
        .begin(cluster.apply(1, "v2", STALLED))
        .await
        .expect("it is accepted");
    let says = |progress: &Progress, words: &str| matches!(progress, Progress::Rolling { detail } if detail.contains(words));
    cluster
        .follow_until(&rollout, |progress| {
            says(progress, "allocations are healthy")
        })
        .await;
    let deployment = cluster.deployment();
    let pause = |pause| json!({ "DeploymentID": deployment, "Pause": pause });
    cluster
        .command(&format!("deployment/pause/{deployment}"), pause(true))
        .await;
    cluster
        .follow_until(&rollout, |progress| {
            says(progress, "the deployment is paused")
        })
        .await;
    cluster
        .command(&format!("deployment/pause/{deployment}"), pause(false))
        .await;
    cluster
        .follow_until(&rollout, |progress| !says(progress, "paused"))
        .await;
}

#[tokio::test]
async fn a_scheduler_that_gives_up_is_the_orchestrator_s_fault() {
    let cluster = Cluster::start().await;
    cluster.nomad.fault(|faults| faults.failed_evaluations = 1);
    let progress = cluster.roll_out(cluster.apply(1, "v2", 2)).await;
    assert_failed(&progress, by_orchestrator, false);
    let Progress::Failed {
        reason: Failure::Orchestrator { message },
        ..
    } = progress
    else {
        return;
    };
    assert!(message.contains("maximum attempts reached"), "{message}");
}

#[tokio::test]
async fn an_evaluation_or_deployment_that_cannot_be_found_is_looked_for_in_the_job_s_lists() {
    for fault in 0..3 {
        let cluster = Cluster::start().await;
        cluster.nomad.fault(|faults| match fault {
            0 => faults.lost_evaluations = registrywatcher_simulator::ALWAYS,
            1 => faults.lost_deployments = registrywatcher_simulator::ALWAYS,
            _ => faults.phantom_deployments = 1,
        });
        assert_eq!(
            cluster.roll_out(cluster.apply(1, "v2", 2)).await,
            Progress::Succeeded,
            "fault {fault}"
        );
    }
}

#[tokio::test]
async fn a_deployment_that_nomad_forgot_is_judged_by_its_allocations() {
    let cluster = Cluster::start().await;
    let rollout = cluster
        .begin(cluster.apply(1, "v2", 2))
        .await
        .expect("it is accepted");
    assert_eq!(cluster.follow(&rollout).await, Progress::Succeeded);
    cluster.nomad.collect_garbage();
    assert_eq!(
        cluster.restart().follow(&rollout).await,
        Progress::Succeeded
    );
}

#[tokio::test]
async fn an_index_that_goes_back_is_followed_back() {
    let cluster = Cluster::start().await;
    cluster
        .nomad
        .configure(|settings| settings.health_delay = Duration::from_millis(700));
    let rollout = cluster
        .begin(cluster.apply(1, "v2", 2))
        .await
        .expect("it is accepted");
    let first = cluster.follow_until(&rollout, |_| true).await;
    assert!(matches!(first, Progress::Rolling { .. }), "{first:?}");
    cluster.nomad.restore_snapshot(5);
    assert_eq!(cluster.follow(&rollout).await, Progress::Succeeded);
}

#[tokio::test]
async fn what_stays_undecided_is_not_asked_for_without_rest() {
    let cluster = Cluster::start().await;
    let rollout = cluster
        .begin(cluster.apply(1, "v2", STALLED))
        .await
        .expect("it is accepted");
    cluster.follow_until(&rollout, |progress| {
        matches!(progress, Progress::Rolling { detail } if detail.contains("0 of 1"))
    })
    .await;
    let before = cluster.nomad.calls();
    let progress = cluster.follow_until(&rollout, |_| true).await;
    assert!(matches!(progress, Progress::Rolling { .. }), "{progress:?}");
    assert!(
        cluster.nomad.calls() - before <= 12,
        "{} calls for two looks",
        cluster.nomad.calls() - before
    );
}
