//! Several workloads in their order, and deployments that are asked for.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::databases::{Database, on_both_databases};
use crate::program::Program;
use crate::service::Service;
use crate::site::{REPOSITORY, Site, add_job, head, marks};
use crate::wait::eventually;

on_both_databases!(
    workloads_roll_out_one_after_the_other,
    a_failure_stops_the_workloads_that_come_after,
    asking_for_what_runs_already_replaces_it,
    asking_for_an_older_tag_holds_it_until_something_newer_appears,
);

/// A watch with two jobs, the second after the first.
async fn staged(database: Database) -> Site {
    let mut site = Site::open(database).await;
    let host = site.registry.host();
    for job in ["staging", "production"] {
        let image = format!("{host}/{REPOSITORY}:v1.0.0");
        add_job(&site.nomad, job, "server", &image);
    }
    let config = head(&site.database, &site.nomad);
    site.program = Program::new(&format!(
        r#"{config}
        [watches.web]
        image = "{host}/{REPOSITORY}"
        min_interval = "0s"
        workloads = [
            {{ deployer = "nomad", job = "staging", task = "server" }},
            {{ deployer = "nomad", job = "production", task = "server" }},
        ]
        "#
    ));
    site
}

async fn runs(site: &Site, job: &str, digest: &str) {
    let image = site.image(digest);
    eventually(&format!("`{job}` runs {image}"), async || {
        let running = site.nomad.running_image(job, "app", "server")?;
        (running == image).then_some(())
    })
    .await;
}

/// The kinds of a watch's events about rollouts, in their order, with the job that each is about.
async fn story(service: &Service) -> Vec<String> {
    let told = |event: &Value| {
        let kind = event["kind"].as_str()?.strip_prefix("deployment_")?;
        let workload = event["workload"].as_str()?;
        let job = workload.split("job=").nth(1)?.split(',').next()?;
        matches!(kind, "started" | "succeeded" | "failed").then(|| format!("{job} {kind}"))
    };
    service
        .events("web")
        .await
        .iter()
        .filter_map(told)
        .collect()
}

async fn workloads_roll_out_one_after_the_other(database: Database) {
    let site = staged(database).await;
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;
    let digest = site.publish("v1.1.0");
    runs(&site, "staging", &digest).await;
    runs(&site, "production", &digest).await;
    let expected = [
        "staging started",
        "staging succeeded",
        "production started",
        "production succeeded",
    ];
    eventually("both have succeeded", async || {
        (story(&service).await.len() >= expected.len()).then_some(())
    })
    .await;
    assert_eq!(story(&service).await, expected);
}

async fn a_failure_stops_the_workloads_that_come_after(database: Database) {
    let site = staged(database).await;
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;
    site.publish_broken("v1.1.0");
    service.decides("web", "quarantined").await;
    service.next_poll("web").await;
    assert_eq!(story(&service).await, ["staging started", "staging failed"]);
    let watch = service.watch("web").await;
    let reasons = watch["workloads"][1]["decision"]["reasons"].clone();
    let waits = reasons.as_array().unwrap().iter();
    let waits: Vec<&Value> = waits.map(|reason| &reason["name"]).collect();
    assert!(waits.contains(&&json!("waits_for")), "{reasons}");
    assert_eq!(marks(&site.nomad, "production"), Vec::<String>::new());

    let digest = site.publish("v1.2.0");
    runs(&site, "staging", &digest).await;
    runs(&site, "production", &digest).await;
}

async fn asking_for_what_runs_already_replaces_it(database: Database) {
    let site = Site::open(database).await;
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;
    let digest = site.publish("v1.1.0");
    service
        .newest_deployment("web", "v1.1.0", "succeeded")
        .await;
    let versions = site.nomad.versions("web").len();

    let asked = service
        .post(
            "/api/v1/watches/web/deployments",
            json!({ "tag": "v1.1.0" }),
        )
        .await;
    assert_eq!(asked.0, StatusCode::ACCEPTED, "{}", asked.1);
    let deployment = eventually("the forced deployment has succeeded", async || {
        let newest = service.deployments("web").await.pop()?;
        (newest["forced"] == true && newest["state"] == "succeeded").then_some(newest)
    })
    .await;
    assert_eq!(deployment["digest"], digest);
    assert_eq!(site.nomad.versions("web").len(), versions + 1);
    let marks = site.marks();
    assert_eq!(marks.len(), 2);
    assert_eq!(deployment["id"], json!(marks[1]));
    assert_ne!(marks[0], marks[1]);

    // As the Go service did when it was told to pin what it runs.
    service
        .change_tag("web", json!({ "pinned_tag": "v1.1.0" }))
        .await;
    eventually("it is replaced once more", async || {
        (site.marks().len() == 3).then_some(())
    })
    .await;
}

async fn asking_for_an_older_tag_holds_it_until_something_newer_appears(database: Database) {
    let site = Site::open(database).await;
    let old = site.publish("v0.9.0");
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;
    let asked = service
        .post(
            "/api/v1/watches/web/deployments",
            json!({ "tag": "v0.9.0" }),
        )
        .await;
    assert_eq!(asked.0, StatusCode::ACCEPTED, "{}", asked.1);
    site.runs(&old).await;
    service.decides("web", "operator_hold").await;
    service.next_poll("web").await;
    assert_eq!(site.nomad.registrations(), 1);
    let new = site.publish("v1.1.0");
    site.runs(&new).await;
}
