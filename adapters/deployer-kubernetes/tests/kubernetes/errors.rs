//! What the API server says no to.

use registrywatcher::ports::{DeployError, Deployer, Progress};

use crate::support::{Cluster, WEB, apply, assert_refused};

#[tokio::test]
async fn what_our_credentials_may_not_do_is_refused() {
    for method in ["GET", "PATCH"] {
        let cluster = Cluster::start().await;
        cluster
            .kubernetes
            .fault(|faults| faults.answers = [(method, 403, "Forbidden", None)].into());
        let answer = cluster.begin(apply(1, "v2", 2)).await;
        assert_refused(&answer, "403 Forbidden");
        assert_eq!(cluster.kubernetes.image(WEB), "team/web:v1");
    }
}

#[tokio::test]
async fn an_object_that_would_not_be_valid_is_refused() {
    let cluster = Cluster::start().await;
    cluster
        .kubernetes
        .fault(|faults| faults.answers = [("PATCH", 422, "Invalid", None)].into());
    assert_refused(&cluster.begin(apply(1, "v2", 2)).await, "422 Invalid");
}

#[tokio::test]
async fn a_rollout_goes_on_whether_or_not_we_may_look() {
    let cluster = Cluster::start().await;
    let rollout = cluster
        .begin(apply(1, "v2", 2))
        .await
        .expect("it is accepted");
    cluster
        .kubernetes
        .fault(|faults| faults.answers = [("GET", 403, "Forbidden", None)].into());
    let answer = cluster.deployer.follow(&rollout).await;
    assert!(
        matches!(answer, Err(DeployError::Unavailable { .. })),
        "{answer:?}"
    );
    assert_eq!(cluster.follow(&rollout).await, Progress::Succeeded);
}

#[tokio::test]
async fn neither_pods_nor_history_need_to_be_readable() {
    let cluster = Cluster::start().await;
    cluster.kubernetes.fault(|faults| {
        faults.forbidden = ["pods", "replicasets", "controllerrevisions"].into();
    });
    assert_eq!(
        cluster.roll_out(apply(1, "v2", 2)).await,
        Progress::Succeeded
    );
}

#[tokio::test]
async fn a_server_that_fails_for_a_moment_is_asked_again() {
    let cluster = Cluster::start().await;
    cluster.kubernetes.fault(|faults| {
        faults.answers = [
            ("GET", 500, "InternalError", None),
            ("GET", 503, "ServiceUnavailable", None),
        ]
        .into();
    });
    let running = cluster.deployer.running(&apply(1, "v2", 2).workload).await;
    assert!(matches!(running, Ok(Some(_))), "{running:?}");
}
