//! How rollouts of a Deployment end.

use std::time::Duration;

use registrywatcher::deployment::Failure;
use registrywatcher::ports::{Deployer, Progress};
use serde_json::json;

use crate::double::{CRASHES, LIMITED, MISSING, NEVER_READY, OVER_QUOTA, UNPLACEABLE, UNREADABLE};
use crate::support::{
    Cluster, WEB, apply, assert_failed, by_orchestrator, by_workload, pinned, settings,
};

#[tokio::test]
async fn a_status_of_the_specification_before_is_no_success() {
    let cluster = Cluster::start().await;
    cluster
        .kubernetes
        .fault(|faults| faults.controllers_rest = true);
    let rollout = cluster
        .begin(apply(1, "v2", 2))
        .await
        .expect("it is accepted");
    let status = &cluster.kubernetes.object(WEB)["status"];
    assert_eq!(status["availableReplicas"], status["updatedReplicas"]);
    cluster
        .follow_until(&rollout, "has not seen the change")
        .await;
    cluster
        .kubernetes
        .fault(|faults| faults.controllers_rest = false);
    assert_eq!(cluster.follow(&rollout).await, Progress::Succeeded);
    assert_eq!(cluster.kubernetes.pod_images(WEB), vec![pinned(2); 2]);
}

#[tokio::test]
async fn pods_that_do_not_start_fail_the_rollout_by_the_one_who_can_change_it() {
    let by_image = Failure::blames_image;
    for (image, by, words) in [
        (CRASHES, by_image as fn(&Failure) -> bool, "ended with 1"),
        (MISSING, by_image, "ErrImagePull"),
        (LIMITED, by_orchestrator, "toomanyrequests"),
        (UNREADABLE, by_workload, "InvalidImageName"),
    ] {
        let cluster = Cluster::start().await;
        let progress = cluster.roll_out(apply(1, "v2", image)).await;
        assert_failed(&progress, by, words);
        assert!(matches!(
            progress,
            Progress::Failed {
                restored: false,
                ..
            }
        ));
        assert!(
            cluster
                .kubernetes
                .pod_images(WEB)
                .contains(&"team/web:v1".to_owned()),
            "what ran before still serves"
        );
    }
}

#[tokio::test]
async fn a_young_pod_has_its_grace() {
    let cluster = Cluster::start().await;
    // Just made, by the clock of the deployer.
    cluster
        .kubernetes
        .fault(|faults| faults.created = Some("2027-01-15T08:00:00Z"));
    let rollout = cluster
        .begin(apply(1, "v2", CRASHES))
        .await
        .expect("it is accepted");
    cluster.follow_until(&rollout, "old pods still run").await;
    cluster.clock.advance(settings().grace);
    let progress = cluster.follow(&rollout).await;
    assert_failed(&progress, Failure::blames_image, "CrashLoopBackOff");
}

#[tokio::test]
async fn a_deadline_that_passed_is_blamed_on_what_the_pods_tell() {
    for (image, by, words) in [
        (
            NEVER_READY,
            Failure::blames_image as fn(&Failure) -> bool,
            "did not become ready",
        ),
        (UNPLACEABLE, by_orchestrator, "Insufficient memory"),
    ] {
        let cluster = Cluster::start().await;
        let rollout = cluster
            .begin(apply(1, "v2", image))
            .await
            .expect("it is accepted");
        cluster.follow_until(&rollout, "old pods still run").await;
        cluster.kubernetes.edit(WEB, |object| {
            object["status"]["conditions"] = json!([{
                "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded",
                "message": "ReplicaSet has timed out progressing.",
            }]);
        });
        let progress = cluster.follow(&rollout).await;
        assert_failed(&progress, by, "timed out progressing");
        assert_failed(&progress, by, words);
    }
}

#[tokio::test]
async fn a_quota_is_told_while_it_may_still_be_raised() {
    let cluster = Cluster::start().await;
    let rollout = cluster
        .begin(apply(1, "v2", OVER_QUOTA))
        .await
        .expect("it is accepted");
    cluster.follow_until(&rollout, "exceeded quota").await;
}

#[tokio::test]
async fn a_deployment_that_is_paused_meanwhile_waits() {
    let cluster = Cluster::start().await;
    let rollout = cluster
        .begin(apply(1, "v2", 2))
        .await
        .expect("it is accepted");
    cluster
        .kubernetes
        .edit(WEB, |object| object["spec"]["paused"] = json!(true));
    cluster.follow_until(&rollout, "it is paused").await;
    cluster
        .kubernetes
        .edit(WEB, |object| object["spec"]["paused"] = json!(false));
    assert_eq!(cluster.follow(&rollout).await, Progress::Succeeded);
}

#[tokio::test]
async fn an_object_that_was_deleted_has_failed() {
    let cluster = Cluster::start().await;
    let rollout = cluster
        .begin(apply(1, "v2", 2))
        .await
        .expect("it is accepted");
    cluster.kubernetes.delete(WEB);
    assert_failed(&cluster.follow(&rollout).await, by_workload, "deleted");
}

#[tokio::test]
async fn a_deadline_is_told_where_kubernetes_has_one() {
    let cluster = Cluster::start().await;
    let accepted = cluster.deployer.apply(&apply(1, "v2", 2)).await;
    assert_eq!(
        accepted.expect("it is accepted").allows,
        Some(Duration::from_mins(10))
    );
    cluster.kubernetes.edit(WEB, |object| {
        object["spec"]["progressDeadlineSeconds"] = i32::MAX.into();
    });
    let accepted = cluster.deployer.apply(&apply(2, "v5", 20)).await;
    assert_eq!(accepted.expect("it is accepted").allows, None);
}

#[tokio::test]
async fn what_failed_is_undone_by_deploying_what_ran_before() {
    let cluster = Cluster::start().await;
    assert_eq!(
        cluster.roll_out(apply(1, "v2", 2)).await,
        Progress::Succeeded
    );
    let failed = cluster.roll_out(apply(2, "v3", CRASHES)).await;
    assert_failed(&failed, Failure::blames_image, "CrashLoopBackOff");
    assert_eq!(
        cluster.roll_out(apply(3, "v2", 2)).await,
        Progress::Succeeded
    );
    assert_eq!(cluster.kubernetes.pod_images(WEB), vec![pinned(2); 2]);
}
