//! Others who write at the same time, and answers that get lost.

use std::time::Duration;

use registrywatcher::ports::{DeployError, Progress};
use serde_json::{Value, json};

use crate::support::{
    Cluster, NIGHTLY, WEB, apply, apply_to, assert_failed, by_orchestrator, pinned, settings,
};

#[tokio::test]
async fn a_conflict_is_read_again_and_nobody_s_edit_is_lost() {
    let cluster = Cluster::start().await;
    cluster.kubernetes.fault(|faults| {
        faults.before_patch = Some(Box::new(|object| object["spec"]["replicas"] = json!(3)));
    });
    assert_eq!(
        cluster.roll_out(apply(1, "v2", 2)).await,
        Progress::Succeeded
    );
    assert_eq!(cluster.kubernetes.object(WEB)["spec"]["replicas"], 3);
    assert_eq!(cluster.kubernetes.image(WEB), pinned(2));
    assert_eq!(cluster.kubernetes.seen("PATCH").len(), 2);
}

#[tokio::test]
async fn a_writer_who_never_rests_makes_the_workload_unavailable() {
    let cluster = Cluster::start().await;
    cluster.kubernetes.fault(|faults| {
        faults.answers = std::iter::repeat_n(("PATCH", 409, "Conflict", None), 20).collect();
    });
    let answer = cluster.begin(apply(1, "v2", 2)).await;
    let Err(error @ DeployError::Unavailable { .. }) = answer else {
        panic!("{answer:?}")
    };
    assert!(error.to_string().contains("409 Conflict"), "{error}");
    assert_eq!(cluster.kubernetes.image(WEB), "team/web:v1");
}

#[tokio::test]
async fn an_image_that_somebody_else_deployed_meanwhile_is_not_overwritten() {
    let cluster = Cluster::start().await;
    cluster.kubernetes.fault(|faults| {
        faults.before_patch = Some(Box::new(|object| {
            object["spec"]["template"]["spec"]["containers"][0]["image"] = "team/web:hotfix".into();
        }));
    });
    let answer = cluster.begin(apply(1, "v2", 2)).await;
    assert!(
        matches!(answer, Err(DeployError::Unavailable { .. })),
        "{answer:?}"
    );
    assert_eq!(cluster.kubernetes.image(WEB), "team/web:hotfix");
}

#[tokio::test]
async fn an_answer_that_was_lost_is_looked_for_and_not_sent_again() {
    let cluster = Cluster::start().await;
    cluster.kubernetes.fault(|faults| faults.lost_answers = 1);
    assert_eq!(
        cluster.roll_out(apply(1, "v2", 2)).await,
        Progress::Succeeded
    );
    assert_eq!(cluster.kubernetes.seen("PATCH").len(), 1);
    assert_eq!(cluster.kubernetes.state().rollouts, 1);
}

#[tokio::test]
async fn a_deployment_over_ours_supersedes_it() {
    let cluster = Cluster::start().await;
    let rollout = cluster
        .begin(apply(1, "v2", 2))
        .await
        .expect("it is accepted");
    cluster.kubernetes.edit(WEB, |object| {
        object["spec"]["template"]["spec"]["containers"][0]["image"] = "team/web:hotfix".into();
    });
    assert_eq!(cluster.follow(&rollout).await, Progress::Superseded);
}

#[tokio::test]
async fn a_later_deployment_of_ours_supersedes_an_earlier_one_of_the_same_image() {
    let cluster = Cluster::start().await;
    let earlier = cluster
        .begin(apply(1, "v2", 2))
        .await
        .expect("it is accepted");
    let mut forced = apply(2, "v2", 2);
    forced.forced = true;
    assert_eq!(cluster.roll_out(forced).await, Progress::Succeeded);
    assert_eq!(cluster.follow(&earlier).await, Progress::Superseded);
}

#[tokio::test]
async fn what_is_scaled_meanwhile_is_still_ours() {
    let cluster = Cluster::start().await;
    let rollout = cluster
        .begin(apply(1, "v2", 2))
        .await
        .expect("it is accepted");
    cluster
        .kubernetes
        .edit(WEB, |object| object["spec"]["replicas"] = json!(4));
    assert_eq!(cluster.follow(&rollout).await, Progress::Succeeded);
    assert_eq!(cluster.kubernetes.pod_images(WEB), vec![pinned(2); 4]);
}

#[tokio::test]
async fn what_somebody_undid_has_failed_and_is_never_applied_again() {
    let cluster = Cluster::start().await;
    let before = cluster.kubernetes.object(WEB);
    let apply = apply(1, "v2", 2);
    let rollout = cluster.begin(apply.clone()).await.expect("it is accepted");
    // The controller sees it, and keeps it in its history.
    cluster.follow_until(&rollout, "pods").await;
    cluster.kubernetes.edit(WEB, |object| {
        // As `kubectl rollout undo` does: the template, and the annotations of the object.
        object["spec"]["template"] = before["spec"]["template"].clone();
        object["metadata"]["annotations"] = json!({});
    });

    let again = cluster.begin(apply).await.expect("it was accepted already");
    assert_eq!(cluster.kubernetes.seen("PATCH").len(), 1);
    let progress = cluster.follow(&rollout).await;
    assert_failed(&progress, by_orchestrator, "set back");
    assert!(matches!(progress, Progress::Failed { restored: true, .. }));
    // What ran before is known to the handle alone.
    assert_eq!(cluster.follow(&again).await, Progress::Superseded);
    assert_eq!(cluster.kubernetes.image(WEB), "team/web:v1");
}

#[tokio::test]
async fn an_api_server_that_asks_for_patience_gets_it() {
    let cluster = Cluster::start().await;
    cluster.kubernetes.fault(|faults| {
        faults.answers = [
            ("GET", 429, "TooManyRequests", Some("1")),
            ("PATCH", 503, "ServiceUnavailable", Some("1")),
        ]
        .into();
    });
    let begun = tokio::time::Instant::now();
    cluster
        .begin(apply(1, "v2", 2))
        .await
        .expect("it is accepted");
    assert!(begun.elapsed() >= Duration::from_secs(2));
    assert_eq!(cluster.kubernetes.image(WEB), pinned(2));
}

#[tokio::test]
async fn either_of_our_two_records_keeps_a_deployment_from_being_applied_again() {
    let forget_template = |object: &mut Value| {
        object["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["annotations"] = json!({});
    };
    let forget_object = |object: &mut Value| object["metadata"]["annotations"] = json!({});
    for forget in [forget_template as fn(&mut Value), forget_object] {
        // A cron job, for it has no history that would remember as well.
        let cluster = Cluster::empty(settings()).await;
        cluster.kubernetes.create(NIGHTLY, "team/web:v1", |_| {});
        let mut apply = apply_to(NIGHTLY, 1, "v2", 2);
        apply.forced = true;
        let first = cluster.roll_out(apply.clone()).await;
        assert_eq!(first, Progress::Succeeded);
        cluster.kubernetes.edit(NIGHTLY, forget);
        let again = cluster.roll_out(apply).await;
        assert_eq!(again, Progress::Succeeded);
        assert_eq!(cluster.kubernetes.seen("PATCH").len(), 1);
    }
}
