//! Other writers: an autoscaler, an operator, a job file, and ourselves with an answer that was lost.

use std::time::Duration;

use registrywatcher::ports::{DeployError, Deployer, Progress};
use registrywatcher_conformance::samples;
use serde_json::json;

use crate::support::{Cluster, STALLED, UNHEALTHY, assert_failed, by_digest, by_orchestrator, web};

#[tokio::test]
async fn whatever_a_job_holds_survives_and_so_does_the_count_of_an_autoscaler() {
    let cluster = Cluster::start_with("team/web:v1", |job| {
        job["Meta"] = json!({ "owner": "team" });
        job["NewerThanUs"] =
            json!({ "Fraction": 0.1, "Large": 1_u64 << 60, "List": [{ "A": null }] });
        job["TaskGroups"][0]["Tasks"][0]["Meta"] = json!({ "color": "blue" });
    })
    .await;
    cluster
        .nomad
        .edit_before_next_register("web", |job| job["TaskGroups"][0]["Count"] = json!(7));

    let rollout = cluster
        .begin(cluster.apply(1, "v2", 2))
        .await
        .expect("it is accepted");
    let job = cluster.job();
    assert_eq!(job["TaskGroups"][0]["Count"], 7);
    assert_eq!(job["Meta"], json!({ "owner": "team" }));
    assert_eq!(
        job["NewerThanUs"],
        json!({ "Fraction": 0.1, "Large": 1_u64 << 60, "List": [{ "A": null }] })
    );
    assert_eq!(job["TaskGroups"][0]["Tasks"][0]["Meta"]["color"], "blue");
    cluster.nomad.scale("web", "app", 9);
    assert_eq!(
        cluster.follow(&rollout).await,
        Progress::Succeeded,
        "scaling makes a version that is still ours"
    );
    assert_eq!(cluster.job()["TaskGroups"][0]["Count"], 9);
}

#[tokio::test]
async fn a_conflict_is_a_500_after_which_the_job_is_read_again() {
    let cluster = Cluster::start().await;
    cluster
        .nomad
        .edit_before_next_register("web", |job| job["Priority"] = json!(70));
    assert_eq!(
        cluster.roll_out(cluster.apply(1, "v2", 2)).await,
        Progress::Succeeded
    );
    assert_eq!(cluster.job()["Priority"], 70, "nobody's edit is lost");
    assert_eq!(cluster.image(), by_digest("team/web", 2));
}

#[tokio::test]
async fn a_writer_who_never_rests_makes_the_job_unavailable() {
    let cluster = Cluster::start().await;
    let nomad = cluster.nomad.clone();
    let edit = move |priority: u64| {
        nomad.edit_before_next_register("web", move |job| job["Priority"] = json!(priority));
    };
    edit(0);
    let writer = tokio::spawn(async move {
        let mut often = tokio::time::interval(Duration::from_millis(20));
        for priority in 1.. {
            often.tick().await;
            edit(priority);
        }
    });
    let answer = cluster.begin(cluster.apply(1, "v2", 2)).await;
    writer.abort();
    let Err(DeployError::Unavailable { problem, .. }) = answer else {
        panic!("{answer:?}")
    };
    assert!(problem.contains("Enforcing job modify index"), "{problem}");
    assert_eq!(cluster.image(), "team/web:v1");
}

#[tokio::test]
async fn an_image_that_somebody_else_deployed_meanwhile_is_not_overwritten() {
    let cluster = Cluster::start().await;
    cluster.nomad.edit_before_next_register("web", |job| {
        job["TaskGroups"][0]["Tasks"][0]["Config"]["image"] = json!("team/web:hotfix");
    });
    let answer = cluster.begin(cluster.apply(1, "v2", 2)).await;
    assert!(
        matches!(answer, Err(DeployError::Unavailable { .. })),
        "{answer:?}"
    );
    assert_eq!(cluster.image(), "team/web:hotfix");
}

#[tokio::test]
async fn an_answer_that_was_lost_is_looked_for_and_not_sent_again() {
    let cluster = Cluster::start().await;
    cluster.nomad.fault(|faults| faults.lost_answers = 1);
    let before = cluster.versions();
    assert_eq!(
        cluster.roll_out(cluster.apply(1, "v2", 2)).await,
        Progress::Succeeded
    );
    assert_eq!(cluster.versions(), before + 1);
    assert_eq!(cluster.nomad.registrations(), 1);
}

#[tokio::test]
async fn a_deployment_over_ours_supersedes_it() {
    let cluster = Cluster::start().await;
    let rollout = cluster
        .begin(cluster.apply(1, "v2", STALLED))
        .await
        .expect("it is accepted");
    cluster.nomad.edit("web", |job| {
        job["TaskGroups"][0]["Tasks"][0]["Config"]["image"] = json!("team/web:hotfix");
    });
    assert_eq!(cluster.follow(&rollout).await, Progress::Superseded);
}

#[tokio::test]
async fn an_update_that_a_server_loses_to_another_writer_is_not_taken_for_a_success() {
    let cluster = Cluster::start().await;
    let rollout = cluster
        .begin(cluster.apply(1, "v2", 2))
        .await
        .expect("it is accepted");
    cluster.nomad.edit("web", |job| {
        job["TaskGroups"][0]["Tasks"][0]["Config"]["image"] = json!("team/web:v1");
    });
    assert_failed(&cluster.follow(&rollout).await, by_orchestrator, true);
}

#[tokio::test]
async fn what_nomad_reverted_while_we_were_away_has_failed_and_is_never_applied_again() {
    let cluster = Cluster::start_with("team/web:v1", |job| {
        job["TaskGroups"][0]["Update"]["AutoRevert"] = json!(true);
    })
    .await;
    let apply = cluster.apply(1, "v2", UNHEALTHY);
    let rollout = cluster.begin(apply.clone()).await.expect("it is accepted");
    assert!(matches!(
        cluster.follow(&rollout).await,
        Progress::Failed { restored: true, .. }
    ));
    cluster.nomad.collect_garbage();

    let cluster = cluster.restart();
    let versions = cluster.versions();
    let again = cluster
        .begin(apply)
        .await
        .expect("it is accepted, for it was already");
    assert_eq!(cluster.versions(), versions);
    for rollout in [rollout, again] {
        let progress = cluster.follow(&rollout).await;
        assert_failed(
            &progress,
            registrywatcher::deployment::Failure::blames_image,
            true,
        );
    }
    assert_eq!(cluster.image(), "team/web:v1");
}

#[tokio::test]
async fn only_the_named_task_changes_and_a_job_may_be_in_another_namespace() {
    let cluster = Cluster::start().await;
    cluster.nomad.service_job_with(
        "apps:a/b",
        "app",
        "app",
        "podman",
        "docker://team/web:v1",
        |job| {
            let mut sidecar = job["TaskGroups"][0]["Tasks"][0].clone();
            sidecar["Name"] = json!("proxy");
            sidecar["Config"]["image"] = json!("envoyproxy/envoy:v1");
            job["TaskGroups"][0]["Tasks"]
                .as_array_mut()
                .expect("a group has tasks")
                .push(sidecar);
        },
    );
    let address = [
        ("namespace", "apps"),
        ("job", "a/b"),
        ("group", "app"),
        ("task", "app"),
    ];
    let mut apply = cluster.apply(1, "v2", 2);
    apply.workload = samples::workload("nomad", &address);
    let rollout = cluster.begin(apply).await.expect("it is accepted");
    assert_eq!(cluster.follow(&rollout).await, Progress::Succeeded);
    let image = |task| cluster.nomad.job_image("apps:a/b", "app", task);
    assert_eq!(image("app"), Some(by_digest("docker://team/web", 2)));
    assert_eq!(image("proxy").as_deref(), Some("envoyproxy/envoy:v1"));
    let unit = cluster
        .deployer
        .unit(&rollout.apply.workload)
        .expect("it has a unit");
    assert_eq!(unit.as_str(), "nomad:apps/a/b");
    assert_eq!(
        cluster.deployer.unit(&web()).expect("it has one").as_str(),
        "nomad:default/web"
    );
}
