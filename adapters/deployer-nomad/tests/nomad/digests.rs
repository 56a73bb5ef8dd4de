//! Redeploying a mutable tag, and the form in which a digest is pinned.

use registrywatcher::ports::{Apply, Deployer, Progress};
use registrywatcher_conformance::samples::{digest, tag};

use crate::support::{Cluster, by_digest, web};

#[tokio::test]
async fn a_tag_that_was_pushed_again_is_deployed_by_its_digest() {
    let cluster = Cluster::start().await;
    for (id, image) in [(1, 1), (2, 2)] {
        assert_eq!(
            cluster.roll_out(cluster.apply(id, "v1", image)).await,
            Progress::Succeeded
        );
        assert_eq!(
            cluster.nomad.running_image("web", "app", "app"),
            Some(by_digest("team/web", image))
        );
    }
    assert_eq!(
        cluster.nomad.deployments("web").len(),
        3,
        "each has a deployment of its own"
    );
}

#[tokio::test]
async fn what_runs_already_is_left_alone_unless_it_is_forced() {
    let cluster = Cluster::start().await;
    assert_eq!(
        cluster.roll_out(cluster.apply(1, "v1", 1)).await,
        Progress::Succeeded
    );
    let registrations = cluster.nomad.registrations();
    assert_eq!(
        cluster.roll_out(cluster.apply(2, "v1", 1)).await,
        Progress::Succeeded
    );
    assert_eq!(cluster.nomad.registrations(), registrations);

    let forced = Apply {
        forced: true,
        ..cluster.apply(3, "v1", 1)
    };
    assert_eq!(cluster.roll_out(forced).await, Progress::Succeeded);
    assert_eq!(cluster.nomad.registrations(), registrations + 1);
    assert_eq!(cluster.image(), by_digest("team/web", 1));
}

#[tokio::test]
async fn a_digest_is_written_without_a_tag_for_docker_before_1_9_7_pulls_the_tag() {
    let image = format!("team/web:v1@{}", digest(1));
    let cluster = Cluster::start_with(&image, |_| {}).await;
    cluster
        .nomad
        .configure(|settings| settings.version = "1.9.3".into());
    let running = cluster
        .deployer
        .running(&web())
        .await
        .expect("it can be asked for");
    assert_eq!(
        running.expect("it runs").image.to_string(),
        "team/web:v1",
        "the digest is dropped"
    );

    assert_eq!(
        cluster.roll_out(cluster.apply(1, "v1", 1)).await,
        Progress::Succeeded
    );
    assert_eq!(cluster.image(), by_digest("team/web", 1));
}

#[tokio::test]
async fn a_digest_behind_a_port_falls_back_to_the_tag_on_1_9_5_and_1_9_6_only() {
    for (version, pinned) in [
        ("1.9.5", false),
        ("1.9.6", false),
        ("1.9.7", true),
        ("1.8.4", true),
    ] {
        let cluster = Cluster::start_with("reg:5000/team/web:v1", |_| {}).await;
        cluster
            .nomad
            .configure(|settings| settings.version = version.into());
        assert_eq!(
            cluster.roll_out(cluster.apply(1, "v2", 2)).await,
            Progress::Succeeded
        );
        let expected = if pinned {
            by_digest("reg:5000/team/web", 2)
        } else {
            "reg:5000/team/web:v2".to_owned()
        };
        assert_eq!(cluster.image(), expected, "{version}");
        let config = &cluster.job()["TaskGroups"][0]["Tasks"][0]["Config"];
        assert_eq!(
            config["force_pull"] == true,
            !pinned,
            "a tag must be pulled anew"
        );

        let running = cluster
            .deployer
            .running(&web())
            .await
            .expect("it can be asked for")
            .expect("it runs");
        assert_eq!(
            (running.image.digest(), running.tag),
            (Some(&digest(2)), Some(tag("v2"))),
            "{version}"
        );
    }
}

#[tokio::test]
async fn a_version_that_may_not_be_asked_for_is_taken_for_a_current_one() {
    let cluster = Cluster::start_with("reg:5000/team/web:v1", |_| {}).await;
    cluster.nomad.configure(|settings| {
        settings.version = "1.9.5".into();
        settings.agent_self_forbidden = true;
    });
    assert_eq!(
        cluster.roll_out(cluster.apply(1, "v2", 2)).await,
        Progress::Succeeded
    );
    assert_eq!(cluster.image(), by_digest("reg:5000/team/web", 2));
}
