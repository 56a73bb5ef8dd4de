//! `ctl`: looking at a running service and steering it, as people and as scripts do.

mod double;
mod lost_answers;

use std::time::Duration;

use serde_json::{Value, json};

use crate::child::Ended;
use crate::databases::{Database, on_both_databases};
use crate::operating::{says, tell};
use crate::service::Service;
use crate::site::Site;
use crate::wait::eventually;

on_both_databases!(
    a_deployment_that_is_waited_for_is_told_to_its_end,
    a_deployment_that_fails_while_it_is_waited_for_exits_2,
);

/// What a verb prints for scripts.
async fn json(site: &Site, service: &Service, arguments: &[&str]) -> Value {
    let ended = tell(site, service, &[arguments, &["--json"]].concat()).await;
    assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
    serde_json::from_str(&ended.stdout).unwrap()
}

#[track_caller]
fn prints(ended: &Ended, cells: &[&str]) {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for cell in cells {
        assert!(ended.stdout.contains(cell), "no `{cell}` in: {ended:?}");
    }
}

/// A service whose one watch is up to date, and a tag besides that its policy does not admit.
async fn settled() -> (Site, Service) {
    let site = Site::open(Database::sqlite()).await;
    site.publish("edge");
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;
    (site, service)
}

#[tokio::test(flavor = "multi_thread")]
async fn watches_are_listed_searched_and_explained() {
    let (site, service) = settled().await;
    let row = ["WATCH", "web", "up to date", "track", "v1.0.0"];
    prints(&tell(&site, &service, &["watches"]).await, &row);
    prints(&tell(&site, &service, &["check", "web"]).await, &row);
    let listed = json(&site, &service, &["watches", "--search", "WE"]).await;
    assert_eq!(listed["items"][0]["name"], "web");
    let none = ["watches", "--status", "failed"];
    prints(&tell(&site, &service, &none).await, &["no watch"]);
    assert_eq!(json(&site, &service, &none).await, json!({ "items": [] }));

    let why = tell(&site, &service, &["why", "web"]).await;
    prints(
        &why,
        &[
            "1 admitted, 1 not",
            "candidate  v1.0.0",
            "such as edge",
            "job=web",
        ],
    );
    let why = json(&site, &service, &["why", "web"]).await;
    assert_eq!(why["candidates"]["admitted"], 1, "{why}");

    let tags = tell(&site, &service, &["tags", "web"]).await;
    prints(&tags, &["TAG", "v1.0.0", "wanted", "edge"]);
    let tags = json(&site, &service, &["tags", "web"]).await;
    assert_eq!(tags["items"][1]["wanted"], true, "{tags}");

    let registries = tell(&site, &service, &["registries"]).await;
    prints(&registries, &["REGISTRY", &site.registry.host(), "well"]);
    let registries = json(&site, &service, &["registries"]).await;
    assert_eq!(registries["items"][0]["watches"], 1, "{registries}");

    let whoami = tell(&site, &service, &["whoami"]).await;
    prints(&whoami, &["anonymous: admin for all watches"]);
    let whoami = json(&site, &service, &["whoami"]).await;
    assert_eq!(whoami["anonymous"], true, "{whoami}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intent_is_changed_and_told() {
    let (site, service) = settled().await;
    for (verb, told) in [
        (
            &["auto-deploy", "web", "off"][..],
            "web: track, auto-deploy off",
        ),
        (&["hold", "web", "--reason", "the fair"], "off, held"),
        (&["release", "web"], "web: track, auto-deploy off"),
        (
            &["pin", "web", "v1.0.0"],
            "web: pin v1.0.0, auto-deploy off",
        ),
        (&["auto-deploy", "web", "on"], "web: pin v1.0.0"),
        (&["track", "web"], "web: track"),
    ] {
        prints(&tell(&site, &service, verb).await, &[told]);
    }
    let held = json(&site, &service, &["hold", "web", "--reason", "the fair"]).await;
    assert_eq!(held["hold"]["reason"], "the fair", "{held}");
    prints(&tell(&site, &service, &["why", "web"]).await, &["the fair"]);
    let unknown = tell(&site, &service, &["pin", "web", "v9.9.9"]).await;
    says(&unknown, 1, "v9.9.9");
    let events = tell(&site, &service, &["events", "web", "--json"]).await;
    let lines = events.stdout.lines();
    let kinds: Vec<Value> = lines
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["kind"].take())
        .collect();
    assert!(kinds.contains(&json!("intent_changed")), "{kinds:?}");
    let newest = tell(&site, &service, &["events", "--limit", "1"]).await;
    assert_eq!(newest.stdout.lines().count(), 1, "{newest:?}");
}

async fn a_deployment_that_is_waited_for_is_told_to_its_end(database: Database) {
    let site = Site::open(database).await;
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;
    let asked = tell(&site, &service, &["deploy", "web"]).await;
    says(&asked, 0, "web deploys what is wanted, by request");
    site.publish("v0.9.0");
    let waited = tell(&site, &service, &["deploy", "web", "v0.9.0", "--wait"]).await;
    says(&waited, 0, "web is deployed: v0.9.0");
    assert!(waited.stderr.contains("is succeeded"), "{waited:?}");
    let back = json(&site, &service, &["rollback", "web", "--wait"]).await;
    assert_eq!(back["ended"], true, "{back}");
    assert_eq!(back["deployments"][0]["tag"], "v1.0.0", "{back}");

    let listed = tell(&site, &service, &["deployments", "web"]).await;
    prints(&listed, &["DEPLOYMENT", "v0.9.0", "v1.0.0", "succeeded"]);
    let newest = json(&site, &service, &["deployments", "--limit", "1"]).await;
    let newest = newest["items"].as_array().unwrap();
    assert_eq!(newest.len(), 1, "{newest:?}");
    assert_eq!(newest[0]["id"], back["deployments"][0]["id"]);
}

async fn a_deployment_that_fails_while_it_is_waited_for_exits_2(database: Database) {
    let site = Site::open(database).await;
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;
    tell(&site, &service, &["auto-deploy", "web", "off"]).await;
    site.publish_broken("v1.1.0");
    let failed = tell(&site, &service, &["deploy", "web", "v1.1.0", "--wait"]).await;
    assert_eq!(failed.code, Some(2), "{failed:?}");
    assert!(failed.stdout.contains("web is not deployed"), "{failed:?}");
    assert!(failed.stderr.contains("is failed"), "{failed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_does_not_end_is_abandoned() {
    let (site, service) = settled().await;
    site.nomad
        .configure(|settings| settings.health_delay = Duration::from_hours(1));
    let arguments = ["ctl", "deploy", "web", "--wait", "--server", service.url()];
    let waiting = site.program.start(&arguments);
    let rolling = service.newest_deployment("web", "v1.0.0", "rolling").await;
    let abandon = [
        "abandon",
        rolling["id"].as_str().unwrap(),
        "--reason",
        "it hangs",
    ];
    let abandoned = json(&site, &service, &abandon).await;
    assert_eq!(abandoned["state"], "abandoned", "{abandoned}");
    says(
        &tell(&site, &service, &abandon).await,
        1,
        "has ended already",
    );
    assert_eq!(waiting.ended().await.code, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_waits_at_its_canaries_is_promoted() {
    let (site, service) = settled().await;
    let image = site.running().unwrap();
    site.nomad
        .service_job_with("web", "app", "server", "docker", &image, |job| {
            job["TaskGroups"][0]["Update"]["Canary"] = 1.into();
        });
    site.publish("v1.1.0");
    let waiting = service.newest_deployment("web", "v1.1.0", "awaiting_promotion");
    let waiting = waiting.await["id"].as_str().unwrap().to_owned();

    let promoted = json(&site, &service, &["promote", &waiting]).await;
    assert_eq!(promoted["tag"], "v1.1.0", "{promoted}");
    service
        .newest_deployment("web", "v1.1.0", "succeeded")
        .await;
    says(
        &tell(&site, &service, &["promote", &waiting]).await,
        1,
        "does not wait to be promoted",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_told_to_people_and_to_scripts() {
    let mut site = Site::open(Database::sqlite()).await;
    site.program.run(&["migrate"]).await;
    let new = ["token", "new", "--name", "looker", "--role", "viewer"];
    let token = site.program.run(&new).await.stdout;
    site.program.set("REGISTRYWATCHER_TOKEN", token.trim());
    let service = site.program.serve().await;
    let whoami = tell(&site, &service, &["whoami"]).await;
    prints(&whoami, &["looker: viewer for all watches"]);
    prints(&tell(&site, &service, &["watches"]).await, &["web"]);
    let refused = tell(&site, &service, &["deploy", "web"]).await;
    says(&refused, 1, "deployer");
    let refused = tell(&site, &service, &["deploy", "web", "--json"]).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let problem: Value = serde_json::from_str(&refused.stdout).unwrap();
    assert_eq!(problem["status"], 403, "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_code_tells_a_fault_of_the_command_line() {
    let site = Site::open(Database::sqlite()).await;
    for arguments in [
        &["ctl", "deploy"][..],
        &["ctl", "why", "no/name"],
        &[
            "ctl",
            "pin",
            "web",
            "no/tag",
            "--server",
            "http://127.0.0.1:1",
        ],
        &["ctl", "watches", "--status", "odd"],
        &["ctl", "hold", "web", "--reason", " "],
        &["ctl", "watches", "--config", "absent.toml"],
        &["ctl", "watches", "--server", "ftp://127.0.0.1"],
        &["ctl", "watches", "--token-file", "absent"],
    ] {
        let ended = site.program.run(arguments).await;
        assert_eq!(ended.code, Some(64), "{arguments:?}: {ended:?}");
    }
    let help = site.program.run(&["ctl", "--help"]).await;
    prints(&help, &["3   the service cannot be reached"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_followed_as_they_happen() {
    let (mut site, service) = settled().await;
    let follow = ["ctl", "events", "web", "--follow", "--after", "0"];
    site.program.set("REGISTRYWATCHER_SERVER", service.url());
    let following = site.program.start(&follow);
    site.publish("v1.1.0");
    eventually("the deployment is followed to its end", async || {
        let told = following.stdout();
        let lines: Vec<&str> = told.lines().collect();
        let last = lines
            .iter()
            .any(|line| line.contains("  deployment_succeeded  "));
        last.then_some(())
    })
    .await;
}
