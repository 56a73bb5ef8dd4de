//! The verbs that look, and leave everything as it is.

use serde_json::Value;

use crate::child::Ended;
use crate::databases::{Database, on_both_databases};
use crate::program::Program;
use crate::site::{REPOSITORY, Site};

on_both_databases!(
    check_tells_what_would_be_done_and_does_nothing,
    migrations_go_up_and_down,
    a_dry_run_decides_and_deploys_nothing,
);

const GO_SAMPLE: &str = include_str!("go_service/staging.toml");

#[track_caller]
fn ended_with(ended: &Ended, code: i32) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
}

async fn check_tells_what_would_be_done_and_does_nothing(database: Database) {
    let site = Site::open(database).await;
    ended_with(&site.program.run(&["migrate"]).await, 0);
    ended_with(&site.program.run(&["check"]).await, 0);

    let digest = site.publish("v1.1.0");
    let ended = site.program.run(&["check"]).await;
    ended_with(&ended, 2);
    let row = ended.stdout.lines().nth(1).unwrap();
    let short = &digest["sha256:".len()..][..12];
    for cell in [
        "web",
        "v1.0.0",
        short,
        "would deploy",
        "v1.1.0 is newer than v1.0.0",
    ] {
        assert!(row.contains(cell), "{cell}: {row}");
    }
    let why = site.program.run(&["why", "web"]).await;
    ended_with(&why, 0);
    assert!(why.stdout.contains("would deploy v1.1.0"), "{}", why.stdout);
    assert!(
        why.stdout.contains("2 listed, 2 admitted"),
        "{}",
        why.stdout
    );

    site.registry.stop().await;
    let ended = site.program.run(&["check"]).await;
    ended_with(&ended, 1);
    assert!(ended.stdout.contains("unavailable"), "{}", ended.stdout);

    assert_eq!(site.nomad.registrations(), 0);
    assert_eq!(
        site.database.sql("select count(*) from watches").trim(),
        "0"
    );
}

async fn migrations_go_up_and_down(database: Database) {
    let site = Site::open(database).await;
    ended_with(&site.program.run(&["migrate"]).await, 0);
    ended_with(&site.program.run(&["migrate", "--down", "3"]).await, 0);
    ended_with(&site.program.run(&["migrate"]).await, 0);
    assert_eq!(
        site.database.sql("select count(*) from watches").trim(),
        "0"
    );
}

async fn a_dry_run_decides_and_deploys_nothing(database: Database) {
    let site = Site::open(database).await;
    let service = site.program.serve_with(&["--dry-run"]).await;
    service.decides("web", "up_to_date").await;
    site.publish("v1.1.0");
    service.decides("web", "observe_only").await;
    service.next_poll("web").await;
    assert_eq!(site.nomad.registrations(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_makes_no_file_where_there_was_none() {
    let site = Site::open(Database::sqlite()).await;
    ended_with(&site.program.run(&["check"]).await, 0);
    assert!(!site.database.folder().join("state.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_translated_go_file_is_accepted_again() {
    let program = Program::new(GO_SAMPLE);
    let printed = program.run(&["config", "check"]).await;
    ended_with(&printed, 0);
    assert!(
        printed.stdout.contains("[watches.registrywatcher]"),
        "{}",
        printed.stdout
    );
    let again = Program::new(&printed.stdout)
        .run(&["config", "check"])
        .await;
    ended_with(&again, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_faults_of_a_file_are_listed_at_once() {
    let program = Program::new(
        r#"
        tyop = 1
        [poll]
        interval = "soon"
        [watches.web]
        image = "https://ghcr.io/acme/web"
        workloads = [{ deployer = "nowhere", job = "web" }]
        "#,
    );
    for verb in [&["config", "check"][..], &["serve"], &["check"]] {
        let ended = program.run(verb).await;
        ended_with(&ended, 64);
        for fault in ["tyop", "poll.interval", "watches.web.image", "nowhere"] {
            assert!(ended.stderr.contains(fault), "{fault}: {}", ended.stderr);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_line_that_is_no_command_line_exits_64() {
    let program = Program::new("");
    ended_with(&program.run(&["sevre"]).await, 64);
    ended_with(&program.run(&["--help"]).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_the_committed_one() {
    let printed = Program::new("").run(&["openapi"]).await;
    ended_with(&printed, 0);
    let printed: Value = serde_json::from_str(&printed.stdout).unwrap();
    let committed = include_str!("../../../openapi/registrywatcher.json");
    assert_eq!(printed, serde_json::from_str::<Value>(committed).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn healthcheck_tells_whether_the_service_answers() {
    let mut site = Site::open(Database::sqlite()).await;
    let service = site.program.serve().await;
    let url = service.url().to_owned();
    ended_with(&site.program.run(&["healthcheck", "--url", &url]).await, 0);
    let address = url.trim_start_matches("http://");
    site.program.set("REGISTRYWATCHER_SERVER__LISTEN", address);
    ended_with(&site.program.run(&["healthcheck"]).await, 0);
    service.stop().await;
    ended_with(&site.program.run(&["healthcheck", "--url", &url]).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn why_names_a_watch_that_does_not_exist() {
    let site = Site::open(Database::sqlite()).await;
    let ended = site.program.run(&["why", "nope"]).await;
    ended_with(&ended, 1);
    assert!(
        ended.stderr.contains("`nope`") && !ended.stderr.contains(REPOSITORY),
        "{ended:?}"
    );
}
