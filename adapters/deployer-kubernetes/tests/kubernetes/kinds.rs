//! What is peculiar to stateful sets, daemon sets and cron jobs.

use registrywatcher::deployment::Failure;
use registrywatcher::ports::{Deployer, Progress};
use registrywatcher_deployer_kubernetes::Settings;
use serde_json::json;

use crate::double::{CRASHES, NEVER_READY};
use crate::support::{AGENT, Cluster, NIGHTLY, QUEUE, apply_to, assert_failed, pinned, settings};

async fn queue_that_failed() -> Cluster {
    let cluster = Cluster::empty(settings()).await;
    cluster.kubernetes.create(QUEUE, "team/web:v1", |_| {});
    let progress = cluster.roll_out(apply_to(QUEUE, 1, "v2", CRASHES)).await;
    assert_failed(&progress, Failure::blames_image, "queue-2");
    cluster
}

#[tokio::test]
async fn a_stateful_set_s_broken_pod_is_deleted_since_nobody_else_replaces_it() {
    let cluster = queue_that_failed().await;
    assert_eq!(
        cluster.roll_out(apply_to(QUEUE, 2, "v1", 2)).await,
        Progress::Succeeded
    );
    assert_eq!(cluster.kubernetes.pod_images(QUEUE), vec![pinned(2); 3]);
    let deleted = cluster.kubernetes.seen("DELETE");
    assert_eq!(deleted.len(), 1, "only the broken one: {deleted:?}");
    assert!(deleted[0].uri.ends_with("/pods/queue-2"));
    assert!(deleted[0].body["preconditions"]["uid"].is_string());
}

#[tokio::test]
async fn a_stateful_set_s_pod_that_never_becomes_ready_stands_in_the_way_as_well() {
    let cluster = Cluster::empty(settings()).await;
    cluster.kubernetes.create(QUEUE, "team/web:v1", |_| {});
    let rollout = cluster
        .begin(apply_to(QUEUE, 1, "v2", NEVER_READY))
        .await
        .expect("it is accepted");
    cluster.follow_until(&rollout, "1 of 3 pods are new").await;
    assert_eq!(
        cluster.roll_out(apply_to(QUEUE, 2, "v1", 2)).await,
        Progress::Succeeded
    );
}

#[tokio::test]
async fn where_pods_may_not_be_deleted_somebody_is_told_to() {
    let cluster = queue_that_failed().await;
    cluster
        .kubernetes
        .fault(|faults| faults.forbidden = ["delete"].into());
    let rollout = cluster
        .begin(apply_to(QUEUE, 2, "v1", 2))
        .await
        .expect("it is accepted");
    cluster.follow_until(&rollout, "delete it (403").await;

    let cluster = cluster.with(Settings {
        delete_stuck_pods: false,
        ..settings()
    });
    let asked = cluster.kubernetes.seen("DELETE").len();
    cluster
        .follow_until(&rollout, "`queue-2` of an older revision")
        .await;
    assert_eq!(cluster.kubernetes.seen("DELETE").len(), asked);
}

#[tokio::test]
async fn a_partition_is_complete_once_the_pods_above_it_are_new() {
    let cluster = Cluster::empty(settings()).await;
    cluster.kubernetes.create(QUEUE, "team/web:v1", |object| {
        object["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = json!(2);
    });
    assert_eq!(
        cluster.roll_out(apply_to(QUEUE, 1, "v2", 2)).await,
        Progress::Succeeded
    );
    let mut images = cluster.kubernetes.pod_images(QUEUE);
    images.sort();
    assert_eq!(images, ["team/web:v1", "team/web:v1", &pinned(2)]);
}

#[tokio::test]
async fn a_stateful_set_that_says_nothing_of_a_partition_is_complete_with_its_revision() {
    let cluster = Cluster::empty(settings()).await;
    cluster.kubernetes.create(QUEUE, "team/web:v1", |object| {
        object["spec"]["updateStrategy"] = json!({ "type": "RollingUpdate" });
    });
    assert_eq!(
        cluster.roll_out(apply_to(QUEUE, 1, "v2", 2)).await,
        Progress::Succeeded
    );
    let status = &cluster.kubernetes.object(QUEUE)["status"];
    assert_eq!(status["currentRevision"], status["updateRevision"]);
}

#[tokio::test]
async fn pods_that_change_only_when_they_are_deleted_are_waited_for() {
    for path in [QUEUE, AGENT] {
        let cluster = Cluster::empty(settings()).await;
        cluster.kubernetes.create(path, "team/web:v1", |object| {
            object["spec"]["updateStrategy"] = json!({ "type": "OnDelete" });
        });
        let rollout = cluster
            .begin(apply_to(path, 1, "v2", 2))
            .await
            .expect("it is accepted");
        cluster.follow_until(&rollout, "(OnDelete)").await;
        cluster.kubernetes.lose_pods(path);
        assert_eq!(cluster.follow(&rollout).await, Progress::Succeeded);
        assert_eq!(cluster.kubernetes.pod_images(path), vec![pinned(2); 3]);
    }
}

#[tokio::test]
async fn a_cron_job_has_the_image_at_its_next_run() {
    let cluster = Cluster::empty(settings()).await;
    cluster.kubernetes.create(NIGHTLY, "team/web:v1", |_| {});
    let apply = apply_to(NIGHTLY, 1, "v2", 2);
    let rollout = cluster.begin(apply.clone()).await.expect("it is accepted");
    assert_eq!(cluster.follow(&rollout).await, Progress::Succeeded);
    assert_eq!(cluster.kubernetes.image(NIGHTLY), pinned(2));

    let again = cluster.begin(apply.clone()).await;
    assert!(again.is_ok());
    assert_eq!(cluster.kubernetes.state().rollouts, 1);
    let running = cluster.deployer.running(&apply.workload).await;
    let running = running.expect("it can be asked for").expect("it has one");
    assert_eq!(running.mark, Some(apply.id));
}
