//! A Nomad job asks to be watched by the meta of its task, and no file names it.

use registrywatcher_simulator::{SimulatedNomad, SimulatedRegistry};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::child::Ended;
use crate::databases::{Database, on_both_databases};
use crate::program::Program;
use crate::service::Service;
use crate::site::{REPOSITORY, Site, add_job, head};
use crate::wait::eventually;

on_both_databases!(
    check_shows_what_is_found_before_anything_is_deployed,
    a_labelled_job_is_deployed_and_kept_over_a_restart_until_its_label_is_gone,
    a_dry_run_deploys_nothing_of_what_is_found,
    labels_that_are_not_in_order_are_told,
);

/// The name that is made of the deployer and the address: group, job and task.
const WATCH: &str = "nomad.app.web.server";

/// A site whose file names no watch, and whose job `web` has these labels.
async fn site(database: Database, labels: &Value) -> Site {
    let registry = SimulatedRegistry::start().await.unwrap();
    let nomad = SimulatedNomad::start().await.unwrap();
    registry.publish(REPOSITORY, "v1.0.0");
    let host = registry.host();
    let image = format!("{host}/{REPOSITORY}:v1.0.0");
    add_job(&nomad, "web", "server", &image);
    add_job(&nomad, "other", "server", &image);
    let config = format!(
        "{head}\ndiscover = true\ndiscover_interval = \"1s\"\n[registries.\"{host}\"]\n",
        head = head(&database, &nomad),
    );
    let site = Site {
        database,
        registry,
        nomad,
        program: Program::new(&config),
    };
    label(&site, labels);
    site
}

/// Gives the task other labels than before, and leaves all else in its meta.
fn label(site: &Site, labels: &Value) {
    site.nomad.amend("web", |job| {
        let meta = &mut job["TaskGroups"][0]["Tasks"][0]["Meta"];
        let mut kept = meta.as_object().cloned().unwrap_or_default();
        kept.retain(|name, _| !name.starts_with("registrywatcher."));
        kept.extend(labels.as_object().unwrap().clone());
        *meta = Value::Object(kept);
    });
}

fn policy(range: &str) -> Value {
    json!({ "registrywatcher.policy": format!("semver:{range}") })
}

#[track_caller]
fn shows(ended: &Ended, code: i32, words: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    for word in words {
        assert!(ended.stdout.contains(word), "{word}:\n{}", ended.stdout);
    }
}

async fn check_shows_what_is_found_before_anything_is_deployed(database: Database) {
    let site = site(database, &policy("^1")).await;
    let registrations = site.nomad.registrations();
    shows(&site.program.run(&["migrate"]).await, 0, &[]);
    let ended = site.program.run(&["check"]).await;
    shows(&ended, 0, &[WATCH, "DISCOVERED", "semver ^1", REPOSITORY]);
    assert!(!ended.stdout.contains("job=other"), "{}", ended.stdout);

    site.publish("v1.1.0");
    site.publish("v2.0.0");
    let ended = site.program.run(&["check"]).await;
    shows(&ended, 2, &["would deploy", "v1.1.0 is newer than v1.0.0"]);
    let ended = site.program.run(&["why", WATCH]).await;
    shows(&ended, 0, &["would deploy v1.1.0"]);
    assert_eq!(
        site.program
            .run(&["why", "nomad.app.other.server"])
            .await
            .code,
        Some(1)
    );

    assert_eq!(site.nomad.registrations(), registrations);
    let stored = site.database.sql("select count(*) from watches");
    assert_eq!(stored.trim(), "0");
}

async fn a_labelled_job_is_deployed_and_kept_over_a_restart_until_its_label_is_gone(
    database: Database,
) {
    let site = site(database, &policy("^1")).await;
    let service = site.program.serve().await;
    let seen = decides(&service, "up_to_date").await;
    assert_eq!(seen["discovered"], true);
    let instance = service.read("/api/v1/instance").await;
    assert_eq!(
        instance["discovery"],
        json!([{ "deployer": "nomad", "found": 1, "unwatched": [] }])
    );
    site.publish("v2.0.0");
    let digest = site.publish("v1.1.0");
    site.runs(&digest).await;
    service
        .newest_deployment(WATCH, "v1.1.0", "succeeded")
        .await;
    service.stop().await;

    let service = site.program.serve().await;
    decides(&service, "up_to_date").await;
    assert_eq!(service.deployments(WATCH).await.len(), 1);
    assert_eq!(service.count_events(WATCH, "watch_added").await, 1);

    label(&site, &policy("^2"));
    service
        .newest_deployment(WATCH, "v2.0.0", "succeeded")
        .await;

    label(&site, &json!({}));
    let path = format!("/api/v1/watches/{WATCH}");
    eventually("the watch is gone", async || {
        (service.get(&path).await.0 == StatusCode::NOT_FOUND).then_some(())
    })
    .await;
    let running = site.running();
    site.publish("v2.1.0");
    label(&site, &policy("^2"));
    service
        .newest_deployment(WATCH, "v2.1.0", "succeeded")
        .await;
    assert_ne!(site.running(), running);
    assert_eq!(service.count_events(WATCH, "watch_added").await, 2);
    assert_eq!(service.count_events(WATCH, "watch_retired").await, 1);
}

async fn a_dry_run_deploys_nothing_of_what_is_found(database: Database) {
    let site = site(database, &policy("^1")).await;
    let service = site.program.serve_with(&["--dry-run"]).await;
    decides(&service, "up_to_date").await;
    let registrations = site.nomad.registrations();
    site.publish("v1.1.0");
    decides(&service, "observe_only").await;
    service.next_poll(WATCH).await;
    assert_eq!(site.nomad.registrations(), registrations);
}

async fn labels_that_are_not_in_order_are_told(database: Database) {
    let labels = json!({ "registrywatcher.policy": "semver", "registrywatcher.intervall": "1m" });
    let site = site(database, &labels).await;
    let problem = "the label `registrywatcher.intervall` is not known; did you mean `registrywatcher.interval`?";
    shows(&site.program.run(&["migrate"]).await, 0, &[]);
    shows(&site.program.run(&["check"]).await, 1, &["fault:", problem]);

    let service = site.program.serve().await;
    let unwatched = eventually("the fault is told", async || {
        let instance = service.read("/api/v1/instance").await;
        let unwatched = instance["discovery"][0]["unwatched"].as_array()?;
        unwatched.first().cloned()
    })
    .await;
    assert_eq!(unwatched["problem"], problem);
    assert_eq!(unwatched["watch"], WATCH);
    label(&site, &policy("^1"));
    decides(&service, "up_to_date").await;
    assert_eq!(service.log().matches(problem).count(), 1, "told once");
}

/// As [`Service::decides`], once the watch was found.
async fn decides(service: &Service, expected: &str) -> Value {
    let path = format!("/api/v1/watches/{WATCH}");
    eventually("the watch is found", async || {
        (service.get(&path).await.0 == StatusCode::OK).then_some(())
    })
    .await;
    service.decides(WATCH, expected).await
}

#[tokio::test]
async fn a_kind_that_finds_no_workloads_is_refused() {
    let program = Program::new(
        "[deployers.script]\nkind = \"exec\"\ncommand = [\"true\"]\ndiscover = true\n\
         [deployers.nomad]\nkind = \"nomad\"\ndiscover = true\n",
    );
    for verb in [&["config", "check"][..], &["check"], &["serve"]] {
        let ended = program.run(verb).await;
        assert_eq!(ended.code, Some(64), "{verb:?}: {ended:?}");
        assert_eq!(
            ended.stderr.trim(),
            "registrywatcher.toml: deployers.script.discover: the kind `exec` cannot find workloads by their labels; leave \
             it out and name them in `[watches]`",
        );
    }
}
