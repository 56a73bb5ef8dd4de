//! What is sent, and what stays.

use registrywatcher::deployment::Previous;
use registrywatcher::ports::{Apply, DeployError, Deployer, Progress};
use registrywatcher_conformance::samples::{self, workload};
use serde_json::{Value, json};

use crate::support::{Cluster, WEB, apply, assert_refused, pinned, settings};

#[tokio::test]
async fn a_strategic_merge_of_one_container_is_all_that_is_sent() {
    let cluster = Cluster::start().await;
    let version = cluster.kubernetes.object(WEB)["metadata"]["resourceVersion"].clone();
    let apply = Apply {
        previous: Some(Previous {
            tag: Some(samples::tag("v1")),
            digest: None,
        }),
        ..apply(1, "v2", 2)
    };
    let id = apply.id.to_string();
    cluster.begin(apply).await.expect("it is accepted");
    let patches = cluster.kubernetes.seen("PATCH");
    assert_eq!(patches.len(), 1);
    assert_eq!(
        patches[0].content_type,
        "application/strategic-merge-patch+json"
    );
    assert_eq!(
        patches[0].uri,
        format!("{WEB}?fieldManager=registrywatcher")
    );
    let expected = json!({
        "metadata": {
            "resourceVersion": version,
            "annotations": {
                "kubernetes.io/change-cause": "registrywatcher: app v1 → v2",
                "app.registrywatcher.io/applied": id,
            },
        },
        "spec": { "template": {
            "metadata": { "annotations": {
                "app.registrywatcher.io/deployment": id,
                "app.registrywatcher.io/tag": "v2",
                "app.registrywatcher.io/digest": samples::digest(2).as_str(),
            } },
            "spec": { "containers": [{ "name": "app", "image": pinned(2) }] },
        } },
    });
    assert_eq!(patches[0].body, expected);
}

#[tokio::test]
async fn what_we_do_not_know_and_other_containers_stay() {
    let cluster = Cluster::start().await;
    cluster.kubernetes.edit(WEB, |object| {
        object["spec"]["template"]["spec"]["containers"]
            .as_array_mut()
            .expect("containers")
            .push(json!({ "name": "proxy", "image": "envoy:v1" }));
        object["spec"]["template"]["spec"]["ofTomorrow"] = json!({ "x": 1.50 });
        object["spec"]["template"]["spec"]["initContainers"] =
            json!([{ "name": "migrate", "image": "team/web:v1" }]);
    });
    let mut expected = cluster.kubernetes.object(WEB)["spec"].clone();
    for (id, container, list) in [(1, "app", "containers"), (2, "migrate", "initContainers")] {
        let mut apply = apply(id, "v2", 2);
        apply.workload = workload("kubernetes", &[("name", "web"), ("container", container)]);
        assert_eq!(cluster.roll_out(apply).await, Progress::Succeeded);
        expected["template"]["spec"][list][0]["image"] = pinned(2).into();
    }
    let mut spec = cluster.kubernetes.object(WEB)["spec"].clone();
    let marks = spec["template"]["metadata"]
        .as_object_mut()
        .and_then(|metadata| metadata.remove("annotations"))
        .expect("marks");
    assert_eq!(spec, expected);
    assert_eq!(
        marks.as_object().map(serde_json::Map::len),
        Some(6),
        "each container has marks of its own: {marks}"
    );
}

#[tokio::test]
async fn one_of_several_containers_must_be_named_unless_the_pod_says_which() {
    let cluster = Cluster::start().await;
    let several = |object: &mut Value| {
        object["spec"]["template"]["spec"]["containers"] = json!([
            { "name": "proxy", "image": "envoy:v1" }, { "name": "app", "image": "team/web:v1" },
        ]);
    };
    cluster.kubernetes.edit(WEB, several);
    let answer = cluster.begin(apply(1, "v2", 2)).await;
    let Err(DeployError::InvalidAddress { problem, .. }) = answer else {
        panic!("{answer:?}")
    };
    assert!(problem.contains("proxy, app"), "{problem}");

    cluster.kubernetes.edit(WEB, |object| {
        object["spec"]["template"]["metadata"]["annotations"] =
            json!({ "kubectl.kubernetes.io/default-container": "app" });
    });
    cluster
        .begin(apply(1, "v2", 2))
        .await
        .expect("it is accepted");
    let containers = &cluster.kubernetes.object(WEB)["spec"]["template"]["spec"]["containers"];
    assert_eq!(containers[0]["image"], "envoy:v1");
    assert_eq!(containers[1]["image"], pinned(2));

    let mut apply = apply(2, "v2", 2);
    apply.workload = workload("kubernetes", &[("name", "web"), ("container", "db")]);
    let answer = cluster.begin(apply).await;
    assert!(
        matches!(answer, Err(DeployError::WorkloadNotFound { .. })),
        "{answer:?}"
    );
}

#[tokio::test]
async fn another_repository_is_taken_for_a_mistake_unless_the_container_is_named() {
    let cluster = Cluster::empty(settings()).await;
    cluster
        .kubernetes
        .create(WEB, "other.example/db:v1", |_| {});
    let mut apply = apply(1, "v2", 2);
    assert_refused(
        &cluster.begin(apply.clone()).await,
        "which is another repository",
    );
    assert_eq!(cluster.kubernetes.image(WEB), "other.example/db:v1");
    apply.workload = workload("kubernetes", &[("name", "web"), ("container", "app")]);
    assert_eq!(cluster.roll_out(apply).await, Progress::Succeeded);
    assert_eq!(cluster.kubernetes.image(WEB), pinned(2));
}

#[tokio::test]
async fn the_spelling_of_the_manifest_is_kept() {
    let cluster = Cluster::empty(settings()).await;
    let spelling = "docker.io/team/web";
    cluster
        .kubernetes
        .create(WEB, &format!("{spelling}:v1"), |_| {});
    cluster
        .begin(apply(1, "v2", 2))
        .await
        .expect("it is accepted");
    assert_eq!(
        cluster.kubernetes.image(WEB),
        format!("{spelling}@{}", samples::digest(2))
    );
}

#[tokio::test]
async fn what_runs_the_image_already_is_left_alone() {
    let cluster = Cluster::empty(settings()).await;
    let image = format!("team/web:v2@{}", samples::digest(2));
    cluster.kubernetes.create(WEB, &image, |_| {});
    assert_eq!(
        cluster.roll_out(apply(1, "v2", 2)).await,
        Progress::Succeeded
    );
    assert_eq!(cluster.kubernetes.image(WEB), image);
    assert!(cluster.kubernetes.seen("PATCH").is_empty());
}

#[tokio::test]
async fn a_mark_counts_only_beside_the_image_that_it_was_written_with() {
    let cluster = Cluster::start().await;
    let apply = apply(1, "v2", 2);
    assert_eq!(cluster.roll_out(apply.clone()).await, Progress::Succeeded);
    let running = async || {
        let running = cluster.deployer.running(&apply.workload).await;
        running.expect("it can be asked for").expect("it runs one")
    };
    assert_eq!(running().await.mark, Some(apply.id));
    for (image, tag) in [("team/web:hotfix", Some("hotfix")), (&pinned(20), None)] {
        cluster.kubernetes.edit(WEB, |object| {
            // As `kubectl set image` does: annotations stay.
            object["spec"]["template"]["spec"]["containers"][0]["image"] = image.into();
        });
        let after = running().await;
        assert_eq!(after.mark, None);
        assert_eq!(after.tag, tag.map(samples::tag));
    }
}

#[tokio::test]
async fn a_namespace_may_be_named_by_the_settings_and_by_the_address() {
    let in_apps = WEB.replace("default", "apps");
    let cluster = Cluster::start().await;
    cluster.kubernetes.create(&in_apps, "team/web:v1", |_| {});
    let mut by_address = apply(1, "v2", 2);
    by_address.workload = workload("kubernetes", &[("name", "web"), ("namespace", "apps")]);
    cluster.begin(by_address).await.expect("it is accepted");
    assert_eq!(cluster.kubernetes.image(&in_apps), pinned(2));
    assert_eq!(cluster.kubernetes.image(WEB), "team/web:v1");

    let mut settings = settings();
    settings.namespace = Some("apps".into());
    let cluster = cluster.with(settings);
    let unit = cluster.deployer.unit(&apply(1, "v2", 2).workload);
    assert_eq!(
        unit.expect("a unit").as_str(),
        "kubernetes:apps/deployment/web"
    );
}
