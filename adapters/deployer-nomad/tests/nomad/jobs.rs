//! Jobs of every kind: with and without deployments, stopped, purged, launched later.

use registrywatcher::ports::{Apply, DeployError, Deployer, Progress};
use registrywatcher_conformance::samples;
use serde_json::{Value, json};

use crate::support::{Cluster, STALLED, assert_failed, by_workload, web};

#[tokio::test]
async fn jobs_without_deployments_succeed_by_their_allocations() {
    type Change = fn(&mut Value);
    let kinds: [(&str, Change); 4] = [
        ("max_parallel = 0", |job| {
            job["TaskGroups"][0]["Update"]["MaxParallel"] = json!(0);
        }),
        ("batch", |job| job["Type"] = json!("batch")),
        ("sysbatch", |job| job["Type"] = json!("sysbatch")),
        ("system", |job| job["Type"] = json!("system")),
    ];
    for (kind, change) in kinds {
        let cluster = Cluster::start_with("team/web:v1", change).await;
        let progress = cluster.roll_out(cluster.apply(1, "v2", 2)).await;
        assert_eq!(progress, Progress::Succeeded, "{kind}");
        assert_eq!(cluster.nomad.deployments("web").len(), 0, "{kind}");
    }
}

#[tokio::test]
async fn a_system_job_has_a_deployment_where_the_server_makes_one() {
    let cluster = Cluster::start().await;
    cluster
        .nomad
        .configure(|settings| settings.system_deployments = true);
    cluster
        .nomad
        .service_job_with("agent", "app", "app", "docker", "team/web:v1", |job| {
            job["Type"] = json!("system");
        });
    let workload = samples::workload("nomad", &[("job", "agent")]);
    let apply = Apply {
        workload,
        ..cluster.apply(1, "v2", 2)
    };
    assert_eq!(cluster.roll_out(apply).await, Progress::Succeeded);
    assert_eq!(cluster.nomad.deployments("agent").len(), 2);
}

#[tokio::test]
async fn a_job_that_launches_others_is_done_once_registered() {
    for (field, value) in [
        ("Periodic", json!({ "Enabled": true, "Spec": "@daily" })),
        ("ParameterizedJob", json!({ "Payload": "" })),
    ] {
        let cluster = Cluster::start_with("team/web:v1", |job| {
            job["Type"] = json!("batch");
            job[field] = value;
        })
        .await;
        assert_eq!(
            cluster.roll_out(cluster.apply(1, "v2", 2)).await,
            Progress::Succeeded,
            "{field}"
        );
    }
}

#[tokio::test]
async fn a_stopped_job_runs_nothing_and_is_not_started_by_us() {
    let cluster = Cluster::start().await;
    let rollout = cluster
        .begin(cluster.apply(1, "v2", STALLED))
        .await
        .expect("it is accepted");
    cluster.nomad.stop_job("web");
    assert_failed(&cluster.follow(&rollout).await, by_workload, false);
    assert_eq!(
        cluster
            .deployer
            .running(&web())
            .await
            .expect("it can be asked for"),
        None
    );
    let answer = cluster.begin(cluster.apply(2, "v2", 2)).await;
    assert!(
        matches!(answer, Err(DeployError::Refused { .. })),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_purged_job_is_the_workload_s_fault() {
    let cluster = Cluster::start().await;
    let rollout = cluster
        .begin(cluster.apply(1, "v2", STALLED))
        .await
        .expect("it is accepted");
    cluster.nomad.purge_job("web");
    assert_failed(&cluster.follow(&rollout).await, by_workload, false);
    let running = cluster.deployer.running(&web()).await;
    assert!(
        matches!(running, Err(DeployError::WorkloadNotFound { .. })),
        "{running:?}"
    );
}

#[tokio::test]
async fn a_job_that_must_not_be_edited_is_refused() {
    for (field, value) in [
        ("ParentID", json!("nightly")),
        ("Multiregion", json!({ "Regions": [] })),
    ] {
        let cluster = Cluster::start_with("team/web:v1", |job| job[field] = value).await;
        let answer = cluster.begin(cluster.apply(1, "v2", 2)).await;
        assert!(
            matches!(answer, Err(DeployError::Refused { .. })),
            "{field}: {answer:?}"
        );
        assert_eq!(cluster.versions(), 1, "{field}");
    }
}
