//! Tasks that ask to be watched by their own meta.

use std::time::Duration;

use registrywatcher::ports::{Deployer, Discovered, Progress};
use registrywatcher_conformance::samples;
use registrywatcher_deployer_nomad::{NomadDeployer, Settings};
use registrywatcher_simulator::SimulatedNomad;
use serde_json::{Value, json};

use crate::support::{Cluster, deployer, settings_for};

const POLICY: &str = "registrywatcher.policy";

async fn start() -> SimulatedNomad {
    SimulatedNomad::start()
        .await
        .expect("a port of the loopback interface is free")
}

/// Adds a job whose task `app` has a policy.
fn labelled(nomad: &SimulatedNomad, id: &str, policy: &str) {
    nomad.service_job_with(id, "app", "app", "docker", "team/web:v1", |job| {
        label(job, policy);
    });
}

fn label(job: &mut Value, policy: &str) {
    job["TaskGroups"][0]["Tasks"][0]["Meta"] = json!({ POLICY: policy });
}

fn opened(nomad: &SimulatedNomad) -> NomadDeployer {
    deployer(settings_for(nomad))
}

/// The address of each workload that is found, and its policy.
async fn found(deployer: &NomadDeployer) -> Vec<(String, String)> {
    let found = deployer
        .discover()
        .await
        .expect("nomad can be looked through");
    let named = |found: Discovered| {
        let address = found.workload.address.to_string();
        (address, found.labels[POLICY].clone())
    };
    found.into_iter().map(named).collect()
}

/// What is found of job `id` in the namespace `default`.
fn of_default(id: &str, policy: &str) -> (String, String) {
    (format!("group=app,job={id},task=app"), policy.to_owned())
}

#[tokio::test]
async fn a_task_with_a_policy_of_its_own_is_found_with_all_its_labels_and_can_be_deployed_to() {
    let cluster = Cluster::start_with("team/web:v1", |job| {
        job["Meta"] = json!({ "registrywatcher.interval": "1m", "team": "shop" });
        label(job, "semver:^1");
    })
    .await;
    cluster
        .nomad
        .service_job("api", "app", "app", "docker", "team/api:v1");
    let found = cluster.deployer.discover().await;
    let parts = [("job", "web"), ("group", "app"), ("task", "app")];
    let expected = Discovered {
        workload: samples::workload("nomad", &parts),
        image: "team/web:v1".to_owned(),
        labels: [("registrywatcher.interval", "1m"), (POLICY, "semver:^1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    };
    let found = found.expect("it can be looked for");
    assert_eq!(found, std::slice::from_ref(&expected));

    let mut apply = cluster.apply(1, "v2", 2);
    apply.workload = expected.workload.clone();
    assert_eq!(cluster.roll_out(apply).await, Progress::Succeeded);
    let after = cluster
        .deployer
        .discover()
        .await
        .expect("it is still there");
    assert_eq!(after[0].labels, expected.labels, "our mark is no label");
}

#[tokio::test]
async fn workloads_are_in_the_order_of_their_addresses_and_in_other_namespaces_name_theirs() {
    let nomad = start().await;
    for id in ["b/c", "a", "apps:web"] {
        labelled(&nomad, id, "numeric");
    }
    let in_apps = "group=app,job=web,namespace=apps,task=app".to_owned();
    assert_eq!(
        found(&opened(&nomad)).await,
        [
            of_default("a", "numeric"),
            of_default("b/c", "numeric"),
            (in_apps, "numeric".to_owned())
        ]
    );
}

#[tokio::test]
async fn a_namespace_of_the_settings_is_the_only_one_that_is_looked_through() {
    let nomad = start().await;
    labelled(&nomad, "web", "numeric");
    labelled(&nomad, "apps:api", "numeric");
    let apps = deployer(Settings {
        namespace: Some("apps".to_owned()),
        ..settings_for(&nomad)
    });
    assert_eq!(found(&apps).await, [of_default("api", "numeric")]);
}

#[tokio::test]
async fn jobs_of_every_type_are_found_and_neither_what_they_launched_nor_what_was_stopped() {
    let nomad = start().await;
    let changes: [(&str, &str, Value); 5] = [
        ("agent", "Type", json!("system")),
        ("child", "ParentID", json!("nightly")),
        ("import", "ParameterizedJob", json!({ "Payload": "" })),
        (
            "nightly",
            "Periodic",
            json!({ "Enabled": true, "Spec": "@daily" }),
        ),
        ("stopped", "Datacenters", json!(["dc1"])),
    ];
    for (id, member, value) in changes {
        nomad.service_job_with(id, "app", "app", "docker", "team/web:v1", |job| {
            label(job, "numeric");
            if member == "ParameterizedJob" || member == "Periodic" {
                job["Type"] = json!("batch");
            }
            job[member] = value;
        });
    }
    nomad.stop_job("stopped");
    let expected = ["agent", "import", "nightly"].map(|id| of_default(id, "numeric"));
    assert_eq!(found(&opened(&nomad)).await, expected);
}

#[tokio::test]
async fn a_list_of_several_pages_is_read_to_its_end_over_few_connections() {
    let nomad = start().await;
    for number in 0..405 {
        let id = format!("job-{number:03}");
        if number % 100 == 0 {
            labelled(&nomad, &id, "numeric");
        } else {
            nomad.service_job(&id, "app", "app", "docker", "team/web:v1");
        }
    }
    nomad.fault(|faults| faults.delay = Some(Duration::from_millis(2)));
    let expected =
        ["000", "100", "200", "300", "400"].map(|it| of_default(&format!("job-{it}"), "numeric"));
    assert_eq!(found(&opened(&nomad)).await, expected);
    let peak = nomad.connections_peak();
    assert!(peak <= 8, "{peak} connections at once");
}

#[tokio::test]
async fn a_job_that_has_not_changed_is_not_read_again() {
    let nomad = start().await;
    labelled(&nomad, "web", "numeric");
    labelled(&nomad, "api", "numeric");
    let deployer = opened(&nomad);
    assert_eq!(found(&deployer).await.len(), 2);

    nomad.configure(|settings| settings.without_read_job = vec!["default".to_owned()]);
    assert_eq!(found(&deployer).await.len(), 2, "nothing had to be read");
    nomad.edit("web", |job| label(job, "semver:^2"));
    let refused = deployer
        .discover()
        .await
        .expect_err("the change is not seen");
    assert!(refused.to_string().contains("`read-job`"), "{refused}");

    nomad.configure(|settings| settings.without_read_job.clear());
    nomad.purge_job("api");
    assert_eq!(found(&deployer).await, [of_default("web", "semver:^2")]);
}

#[tokio::test]
async fn a_namespace_that_is_forbidden_is_told_where_it_is_named_and_passed_over_among_all() {
    let nomad = start().await;
    labelled(&nomad, "web", "numeric");
    labelled(&nomad, "apps:api", "numeric");
    nomad.configure(|settings| settings.without_list_jobs = vec!["apps".to_owned()]);
    assert_eq!(found(&opened(&nomad)).await, [of_default("web", "numeric")]);
    let apps = deployer(Settings {
        namespace: Some("apps".to_owned()),
        ..settings_for(&nomad)
    });
    let refused = apps.discover().await.expect_err("it may not be listed");
    let said = refused.to_string();
    assert!(
        said.contains("403") && said.contains("`list-jobs`"),
        "{said}"
    );
    assert!(said.contains("namespace `apps`"), "{said}");
}

#[tokio::test]
async fn a_token_that_sees_nothing_at_all_is_an_error_and_an_empty_cluster_is_none() {
    let nomad = start().await;
    assert_eq!(found(&opened(&nomad)).await, []);
    nomad.configure(|settings| settings.without_list_jobs = vec!["default".to_owned()]);
    labelled(&nomad, "web", "numeric");
    let refused = opened(&nomad).discover().await;
    let said = refused.expect_err("it sees nothing").to_string();
    assert!(said.contains("`list-jobs`"), "{said}");
}

#[tokio::test]
async fn a_nomad_that_is_down_is_told_so_and_found_again() {
    let nomad = start().await;
    labelled(&nomad, "web", "numeric");
    let deployer = opened(&nomad);
    nomad.stop().await;
    let error = deployer.discover().await.expect_err("nomad is down");
    let told = error.to_string();
    assert!(
        told.contains("cannot be reached: Connection refused"),
        "{told}"
    );
    nomad.restart().await.expect("its port is still free");
    assert_eq!(found(&deployer).await, [of_default("web", "numeric")]);
}
