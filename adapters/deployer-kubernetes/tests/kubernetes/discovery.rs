//! Objects that ask to be watched by their own annotations.

use registrywatcher::ports::{DeployError, Deployer, Discovered, Progress};
use registrywatcher_conformance::samples;
use registrywatcher_deployer_kubernetes::{KubernetesDeployer, Settings};
use serde_json::{Value, json};

use crate::support::{AGENT, Cluster, NIGHTLY, QUEUE, WEB, address, apply, apply_to, settings};

const POLICY: &str = "registrywatcher.policy";
const CONTAINER: &str = "registrywatcher.container";
const API: &str = "/apis/apps/v1/namespaces/backend/deployments/api";

fn label(object: &mut Value) {
    object["metadata"]["annotations"] = json!({ POLICY: "semver:^1" });
}

/// A cluster with one object of each kind, and one in another namespace, which all ask to be watched.
async fn labelled() -> Cluster {
    let cluster = Cluster::empty(settings()).await;
    for path in [WEB, QUEUE, AGENT, NIGHTLY, API] {
        cluster.kubernetes.create(path, "team/web:v1", label);
    }
    cluster
}

fn confined_to(namespace: &str) -> Settings {
    Settings {
        namespace: Some(namespace.to_owned()),
        ..settings()
    }
}

async fn discovered(deployer: &KubernetesDeployer) -> Vec<Discovered> {
    let found = deployer.discover().await;
    found.expect("the cluster can be looked through")
}

async fn addresses(cluster: &Cluster) -> Vec<String> {
    let found = discovered(&cluster.deployer).await;
    let addresses = found.iter().map(|found| found.workload.address.to_string());
    addresses.collect()
}

const ALL: [&str; 5] = [
    "kind=cronjob,name=nightly",
    "kind=daemonset,name=agent",
    "kind=deployment,name=api,namespace=backend",
    "kind=deployment,name=web",
    "kind=statefulset,name=queue",
];

#[tokio::test]
async fn objects_of_every_kind_are_found_in_the_order_of_their_addresses() {
    assert_eq!(addresses(&labelled().await).await, ALL);
}

#[tokio::test]
async fn an_object_is_found_with_all_its_labels_and_can_be_deployed_to() {
    let cluster = Cluster::start().await;
    cluster.kubernetes.create(QUEUE, "team/queue:v1", |_| {});
    assert_eq!(discovered(&cluster.deployer).await, []);
    cluster.kubernetes.edit(WEB, |object| {
        object["metadata"]["annotations"] = json!({
            POLICY: "semver:^1", "registrywatcher.interval": "5m", "team": "shop",
        });
        object["metadata"]["labels"] = json!({ "registrywatcher.mode": "observe" });
        object["spec"]["template"]["metadata"]["annotations"] =
            json!({ "registrywatcher.mode": "observe" });
    });
    let expected = Discovered {
        workload: address("deployment", "web"),
        image: "team/web:v1".to_owned(),
        labels: [("registrywatcher.interval", "5m"), (POLICY, "semver:^1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    };
    let before = discovered(&cluster.deployer).await;
    assert_eq!(before, std::slice::from_ref(&expected));

    let mut deployment = apply(1, "v2", 2);
    deployment.workload = expected.workload.clone();
    assert_eq!(cluster.roll_out(deployment).await, Progress::Succeeded);
    let after = discovered(&cluster.deployer).await;
    assert_eq!(after[0].labels, expected.labels);
}

#[tokio::test]
async fn our_mark_is_no_label_even_of_a_container_called_as_we_are() {
    let cluster = Cluster::start().await;
    cluster.kubernetes.edit(WEB, |object| {
        label(object);
        let containers = &mut object["spec"]["template"]["spec"]["containers"];
        containers[0]["name"] = "registrywatcher".into();
    });
    cluster
        .begin(apply(1, "v2", 2))
        .await
        .expect("it is accepted");
    let annotations = cluster.kubernetes.object(WEB)["metadata"]["annotations"].clone();
    assert!(annotations["registrywatcher.registrywatcher.io/applied"].is_string());
    let found = discovered(&cluster.deployer).await;
    assert_eq!(found[0].labels.keys().collect::<Vec<_>>(), [POLICY]);
}

/// Gives `web` a second container, and says which is meant.
async fn with_sidecar(named: Option<&str>) -> (Cluster, Discovered) {
    let cluster = Cluster::start().await;
    cluster.kubernetes.edit(WEB, |object| {
        label(object);
        if let Some(named) = named {
            object["metadata"]["annotations"][CONTAINER] = named.into();
        }
        object["spec"]["template"]["spec"]["containers"] = json!([
            { "name": "proxy", "image": "team/proxy:v1" },
            { "name": "app", "image": "team/web:v1" },
        ]);
    });
    let mut found = discovered(&cluster.deployer).await;
    let found = found.pop().expect("it is found whatever is wrong with it");
    (cluster, found)
}

#[tokio::test]
async fn of_several_containers_the_annotation_names_the_one_that_is_meant() {
    let (cluster, found) = with_sidecar(Some("app")).await;
    let parts = [
        ("kind", "deployment"),
        ("name", "web"),
        ("container", "app"),
    ];
    assert_eq!(found.workload, samples::workload("kubernetes", &parts));
    assert_eq!(found.image, "team/web:v1");
    let labels: Vec<_> = found.labels.keys().collect();
    assert_eq!(labels, [POLICY], "the address has the container");
    let running = cluster.deployer.running(&found.workload).await;
    let running = running.expect("it can be asked for").expect("it runs one");
    assert_eq!(running.image.to_string(), "team/web:v1");
}

#[tokio::test]
async fn which_container_is_meant_is_asked_back_where_it_cannot_be_told() {
    let (cluster, found) = with_sidecar(None).await;
    assert_eq!(found.workload, address("deployment", "web"));
    let answer = cluster.deployer.running(&found.workload).await;
    let Err(DeployError::InvalidAddress { problem, .. }) = answer else {
        panic!("{answer:?}")
    };
    assert!(problem.contains("name one of proxy, app"), "{problem}");

    let (cluster, found) = with_sidecar(Some("web")).await;
    let parts = [
        ("kind", "deployment"),
        ("name", "web"),
        ("container", "web"),
    ];
    assert_eq!(found.workload, samples::workload("kubernetes", &parts));
    let answer = cluster.deployer.running(&found.workload).await;
    let Err(DeployError::WorkloadNotFound { problem, .. }) = answer else {
        panic!("{answer:?}")
    };
    assert!(problem.contains("no container `web`"), "{problem}");
}

#[tokio::test]
async fn an_object_of_helm_is_found_and_one_that_is_being_deleted_is_not() {
    let cluster = labelled().await;
    cluster.kubernetes.edit(WEB, |object| {
        object["metadata"]["labels"] = json!({ "app.kubernetes.io/managed-by": "Helm" });
    });
    cluster.kubernetes.edit(AGENT, |object| {
        object["metadata"]["deletionTimestamp"] = "2027-01-15T08:00:00Z".into();
    });
    let expected = ALL.iter().filter(|address| !address.contains("daemonset"));
    assert_eq!(
        addresses(&cluster).await,
        expected.copied().collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_list_of_several_pages_is_read_to_its_end_and_begun_anew_where_one_expired() {
    let cluster = labelled().await;
    for number in 0..5 {
        let path = format!("/apis/apps/v1/namespaces/shop/deployments/web-{number}");
        cluster.kubernetes.create(&path, "team/web:v1", label);
    }
    cluster
        .kubernetes
        .fault(|faults| faults.most_listed = Some(2));
    let whole = addresses(&cluster).await;
    assert_eq!(whole.len(), 10, "{whole:?}");

    cluster.kubernetes.fault(|faults| faults.expired_pages = 2);
    assert_eq!(addresses(&cluster).await, whole);
    cluster
        .kubernetes
        .fault(|faults| faults.expired_pages = usize::MAX);
    let error = cluster.deployer.discover().await;
    let error = error.expect_err("half a list is none");
    assert!(error.to_string().contains("410 Expired"), "{error}");
}

#[tokio::test]
async fn a_list_that_never_ends_is_given_up() {
    let cluster = labelled().await;
    cluster.kubernetes.fault(|faults| {
        faults.most_listed = Some(1);
        faults.drops_continue = true;
    });
    let error = cluster.deployer.discover().await;
    let error = error.expect_err("half a list is none");
    assert!(error.to_string().contains("does not go on"), "{error}");
}

#[tokio::test]
async fn a_namespace_of_the_settings_is_the_only_one_that_is_looked_through() {
    let cluster = labelled().await;
    cluster
        .kubernetes
        .fault(|faults| faults.confined_to = Some("backend"));
    let refused = cluster.deployer.discover().await;
    let said = refused.expect_err("it may not look everywhere").to_string();
    assert!(said.contains("403 Forbidden"), "{said}");
    assert!(
        said.contains("`list` on `deployments.apps` in all namespaces"),
        "{said}"
    );
    assert!(said.contains("set `namespace`"), "{said}");

    let cluster = cluster.with(confined_to("backend"));
    assert_eq!(addresses(&cluster).await, ["kind=deployment,name=api"]);
}

#[tokio::test]
async fn a_kind_that_may_not_be_listed_is_an_error_that_says_which_right_is_missing() {
    let cluster = labelled().await.with(confined_to("default"));
    cluster
        .kubernetes
        .fault(|faults| faults.forbidden = ["cronjobs"].into());
    let refused = cluster.deployer.discover().await;
    let said = refused
        .expect_err("cron jobs might ask as well")
        .to_string();
    assert!(
        said.contains("`list` on `cronjobs.batch` in namespace `default`"),
        "{said}"
    );
}

#[tokio::test]
async fn a_server_that_fails_for_a_moment_is_asked_again_and_one_that_is_down_is_told() {
    let cluster = labelled().await;
    cluster.kubernetes.fault(|faults| {
        faults.answers = [("GET", 503, "ServiceUnavailable", None)].into();
    });
    assert_eq!(addresses(&cluster).await, ALL);
    cluster.kubernetes.stop().await;
    let error = cluster.deployer.discover().await.expect_err("it is down");
    assert!(error.to_string().contains("cannot be reached"), "{error}");
}

#[tokio::test]
async fn a_cron_job_that_was_found_has_the_image_at_its_next_run() {
    let cluster = labelled().await;
    let found = discovered(&cluster.deployer).await;
    let mut deployment = apply_to(NIGHTLY, 1, "v2", 2);
    deployment.workload = found[0].workload.clone();
    assert_eq!(cluster.roll_out(deployment).await, Progress::Succeeded);
    assert_ne!(cluster.kubernetes.image(NIGHTLY), "team/web:v1");
}
