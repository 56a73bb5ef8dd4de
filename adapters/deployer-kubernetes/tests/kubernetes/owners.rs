//! Objects that others keep, or that would not roll out.

use registrywatcher::ports::Progress;
use registrywatcher_deployer_kubernetes::{Managed, Settings};
use serde_json::{Value, json};

use crate::support::{
    Cluster, QUEUE, WEB, apply, apply_to, assert_failed, assert_refused, by_orchestrator, pinned,
    settings,
};

async fn refuses(change: impl FnOnce(&mut Value), words: &str) {
    let cluster = Cluster::start().await;
    cluster.kubernetes.edit(WEB, change);
    assert_refused(&cluster.begin(apply(1, "v2", 2)).await, words);
    assert!(cluster.kubernetes.seen("PATCH").is_empty());
}

#[tokio::test]
async fn an_object_of_another_controller_is_refused() {
    let owner = json!([{ "kind": "Operator", "name": "shop", "uid": "u", "controller": true }]);
    refuses(
        |object| object["metadata"]["ownerReferences"] = owner,
        "belongs to Operator `shop`",
    )
    .await;
}

#[tokio::test]
async fn a_paused_deployment_is_refused_since_it_would_not_roll_out() {
    refuses(
        |object| object["spec"]["paused"] = json!(true),
        "kubectl rollout resume",
    )
    .await;
}

#[tokio::test]
async fn an_object_that_is_being_deleted_is_refused() {
    refuses(
        |object| object["metadata"]["deletionTimestamp"] = "2027-01-15T08:00:00Z".into(),
        "being deleted",
    )
    .await;
}

#[tokio::test]
async fn a_partition_that_holds_all_pods_back_is_refused() {
    let cluster = Cluster::empty(settings()).await;
    cluster.kubernetes.create(QUEUE, "team/web:v1", |object| {
        object["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = json!(3);
    });
    let answer = cluster.begin(apply_to(QUEUE, 1, "v2", 2)).await;
    assert_refused(&answer, "holds all its pods back");
}

fn helm(object: &mut Value) {
    object["metadata"]["labels"] = json!({ "app.kubernetes.io/managed-by": "Helm" });
}

#[tokio::test]
async fn an_object_of_helm_is_deployed_to_or_refused_as_the_settings_say() {
    let cluster = Cluster::start().await;
    cluster.kubernetes.edit(WEB, helm);
    let cluster = cluster.with(Settings {
        managed: Managed::Refuse,
        ..settings()
    });
    assert_refused(&cluster.begin(apply(1, "v2", 2)).await, "belongs to Helm");
    let cluster = cluster.with(settings());
    assert_eq!(
        cluster.roll_out(apply(1, "v2", 2)).await,
        Progress::Succeeded
    );
    assert_eq!(cluster.kubernetes.image(WEB), pinned(2));
}

#[tokio::test]
async fn who_set_the_image_back_is_named() {
    let cluster = Cluster::start().await;
    cluster.kubernetes.edit(WEB, |object| {
        object["metadata"]["annotations"] = json!({ "argocd.argoproj.io/tracking-id": "shop" });
    });
    let rollout = cluster
        .begin(apply(1, "v2", 2))
        .await
        .expect("it is accepted");
    cluster.kubernetes.edit(WEB, |object| {
        object["spec"]["template"]["spec"]["containers"][0]["image"] = "team/web:v1".into();
    });
    let progress = cluster.follow(&rollout).await;
    assert_failed(&progress, by_orchestrator, "perhaps by Argo CD");
    assert!(matches!(progress, Progress::Failed { restored: true, .. }));
}
