//! What a Nomad that is not well, or does not trust us, answers.

use std::time::Duration;

use registrywatcher::ports::{DeployError, Deployer, Progress};
use registrywatcher_deployer_nomad::Settings;

use crate::support::{Cluster, STALLED, deployer, settings_for, web};

#[tokio::test]
async fn a_lost_leader_is_waited_for() {
    let cluster = Cluster::start().await;
    cluster.nomad.fault(|faults| faults.no_leader = 2);
    assert!(
        cluster
            .deployer
            .running(&web())
            .await
            .expect("there is a leader again")
            .is_some()
    );
    cluster.nomad.fault(|faults| faults.rate_limited = 2);
    assert_eq!(
        cluster.roll_out(cluster.apply(1, "v2", 2)).await,
        Progress::Succeeded
    );
}

#[tokio::test]
async fn a_500_is_not_asked_again_by_itself() {
    let cluster = Cluster::start().await;
    cluster.nomad.fault(|faults| {
        faults.failing = registrywatcher_simulator::ALWAYS;
        faults.failing_text = "something nobody has heard of".into();
    });
    let before = cluster.nomad.calls();
    let answer = cluster.deployer.running(&web()).await;
    assert!(
        matches!(answer, Err(DeployError::Unavailable { .. })),
        "{answer:?}"
    );
    assert_eq!(cluster.nomad.calls() - before, 1);
}

#[tokio::test]
async fn a_job_that_nomad_finds_invalid_is_refused_with_its_words() {
    let cluster = Cluster::start().await;
    cluster
        .nomad
        .configure(|settings| settings.namespaces.clear());
    let answer = cluster.begin(cluster.apply(1, "v2", 2)).await;
    let Err(DeployError::Refused { problem, .. }) = answer else {
        panic!("{answer:?}")
    };
    assert!(problem.contains("nonexistent namespace"), "{problem}");
}

#[tokio::test]
async fn a_job_without_the_repository_is_not_found_with_what_it_has_instead() {
    let cluster = Cluster::start().await;
    let mut apply = cluster.apply(1, "v2", 2);
    apply.source = "team/api".parse().expect("an image reference");
    let answer = cluster.begin(apply).await;
    let Err(DeployError::WorkloadNotFound { problem, .. }) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(
        problem,
        "no task of the job runs an image of docker.io/team/api; found team/web:v1"
    );
}

#[tokio::test]
async fn a_token_is_presented_and_read_anew_when_it_was_rotated() {
    let cluster = Cluster::start().await;
    cluster
        .nomad
        .configure(|settings| settings.token = Some("second".into()));
    let without = cluster.deployer.running(&web()).await;
    assert!(
        matches!(without, Err(DeployError::Refused { .. })),
        "{without:?}"
    );

    let file = tempfile::NamedTempFile::new().expect("a file can be made");
    std::fs::write(file.path(), "first").expect("it can be written");
    let settings = Settings {
        token_file: Some(file.path().to_owned()),
        ..settings_for(&cluster.nomad)
    };
    let with = deployer(settings);
    let refused = with
        .running(&web())
        .await
        .expect_err("the first token has expired");
    assert!(!refused.to_string().contains("first"), "{refused}");
    std::fs::write(file.path(), "second").expect("it can be written");
    assert!(
        with.running(&web())
            .await
            .expect("the second is good")
            .is_some()
    );
}

#[tokio::test]
async fn a_rollout_outlives_the_right_to_look_at_it() {
    let cluster = Cluster::start().await;
    let rollout = cluster
        .begin(cluster.apply(1, "v2", 2))
        .await
        .expect("it is accepted");
    cluster
        .nomad
        .configure(|settings| settings.token = Some("secret".into()));
    let answer = cluster.deployer.follow(&rollout).await;
    assert!(
        matches!(answer, Err(DeployError::Unavailable { .. })),
        "{answer:?}"
    );
    cluster.nomad.configure(|settings| settings.token = None);
    assert_eq!(cluster.follow(&rollout).await, Progress::Succeeded);
}

#[tokio::test]
async fn a_blocking_query_may_take_longer_than_any_other_answer() {
    let cluster = Cluster::start().await;
    let patient = deployer(Settings {
        timeout: Duration::from_millis(300),
        wait: Duration::from_millis(900),
        ..settings_for(&cluster.nomad)
    });
    let rollout = cluster
        .begin(cluster.apply(1, "v2", STALLED))
        .await
        .expect("it is accepted");
    for _ in 0..4 {
        let progress = patient.follow(&rollout).await.expect("nothing is wrong");
        assert!(matches!(progress, Progress::Rolling { .. }), "{progress:?}");
    }
}

#[tokio::test]
async fn a_nomad_that_does_not_answer_is_given_up() {
    let cluster = Cluster::start().await;
    cluster
        .nomad
        .fault(|faults| faults.delay = Some(Duration::from_mins(1)));
    let settings = Settings {
        timeout: Duration::from_millis(50),
        ..settings_for(&cluster.nomad)
    };
    let answer = deployer(settings).running(&web()).await;
    assert!(
        matches!(answer, Err(DeployError::Unavailable { .. })),
        "{answer:?}"
    );
}
