//! Tokens that are made and revoked beside a running service.

use reqwest::StatusCode;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::child::Ended;
use crate::databases::{Database, on_both_databases};
use crate::service::Service;
use crate::site::Site;
use crate::wait::eventually;

on_both_databases!(
    a_token_works_from_its_making_to_its_revocation_without_a_restart,
    while_the_store_is_away_known_tokens_work_and_no_others,
);

/// Runs a verb that must succeed, and gives what it printed.
async fn run(site: &Site, arguments: &[&str]) -> String {
    let ended = site.program.run(arguments).await;
    assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
    ended.stdout
}

/// Makes a token of which nothing but itself is printed on standard output.
async fn new_token(site: &Site, name: &str, more: &[&str]) -> String {
    let arguments = [&["token", "new", "--name", name][..], more].concat();
    let printed = run(site, &arguments).await;
    let secret = printed.strip_suffix('\n').unwrap();
    assert!(secret.starts_with("rw_") && secret.len() == 67, "{secret}");
    secret.to_owned()
}

#[track_caller]
fn refused(ended: &Ended, code: i32, words: &str) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert!(ended.stderr.contains(words), "{words}: {ended:?}");
}

async fn answers(service: &Service, status: StatusCode) {
    eventually(&format!("the service answers {status}"), async || {
        (service.get("/repos").await.0 == status).then_some(())
    })
    .await;
}

async fn logs(service: &Service, words: &str) {
    eventually(&format!("the service logs `{words}`"), async || {
        service.log().contains(words).then_some(())
    })
    .await;
}

async fn a_token_works_from_its_making_to_its_revocation_without_a_restart(database: Database) {
    let site = Site::open(database).await;
    let new = ["token", "new", "--name", "ci", "--role", "deployer"];
    refused(&site.program.run(&new).await, 1, "registrywatcher migrate");
    let revoke = ["token", "revoke", "ci"];
    refused(
        &site.program.run(&revoke).await,
        1,
        "registrywatcher migrate",
    );
    let heading = run(&site, &["token", "list"]).await;
    assert_eq!(heading.lines().count(), 1, "{heading}");

    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;
    let limits = ["--role", "deployer", "--watch", "web", "--expires", "90d"];
    let secret = new_token(&site, "ci", &limits).await;
    answers(&service, StatusCode::UNAUTHORIZED).await;
    let service = service.with_token(&secret);
    answers(&service, StatusCode::OK).await;
    service
        .change_tag("web", json!({ "auto_deploy": false }))
        .await;
    let events = service.events("web").await;
    assert_eq!(events.last().unwrap()["by"], "ci", "{events:?}");
    assert_eq!(service.get("/metrics").await.0, StatusCode::FORBIDDEN);
    refused(
        &site.program.run(&new).await,
        1,
        "there is a token `ci` already",
    );
    eventually("the last use is written down", async || {
        let list = run(&site, &["token", "list"]).await;
        let row = list.lines().nth(1).unwrap().to_owned();
        assert!(row.starts_with("ci    deployer  web"), "{row}");
        (!row.ends_with("never")).then_some(())
    })
    .await;

    let stored = site.database.sql("select sha256 from tokens");
    assert_eq!(stored.trim(), format!("{:x}", Sha256::digest(&secret)));
    run(&site, &revoke).await;
    answers(&service, StatusCode::UNAUTHORIZED).await;
    refused(
        &site.program.run(&revoke).await,
        1,
        "there is no token `ci`",
    );
    assert!(!service.log().contains(&secret), "{}", service.log());
}

async fn while_the_store_is_away_known_tokens_work_and_no_others(database: Database) {
    let site = Site::open(database).await;
    run(&site, &["migrate"]).await;
    let known = new_token(&site, "known", &["--role", "viewer"]).await;
    let revoked = new_token(&site, "revoked", &["--role", "viewer"]).await;
    run(&site, &["token", "revoke", "revoked"]).await;
    let service = site.program.serve().await.with_token(&known);
    service.ready().await;
    site.database.sql("alter table tokens rename to away");
    logs(&service, "cannot read the tokens").await;
    assert_eq!(service.get("/repos").await.0, StatusCode::OK);
    let service = service.with_token(&revoked);
    assert_eq!(service.get("/repos").await.0, StatusCode::UNAUTHORIZED);
    site.database.sql("alter table away rename to tokens");
    let secret = new_token(&site, "late", &["--role", "viewer"]).await;
    logs(&service, "token `late` is new").await;
    let service = service.with_token(&secret);
    assert_eq!(service.get("/repos").await.0, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_is_served_once_there_is_a_token_in_the_store() {
    let mut site = Site::open(Database::sqlite()).await;
    site.program
        .set("REGISTRYWATCHER_SERVER__LISTEN", "0.0.0.0:0");
    let told = site.program.run(&["serve"]).await;
    refused(&told, 64, "registrywatcher token new");
    refused(&told, 64, "[[auth.tokens]]");
    assert!(!site.database.folder().join("state.db").exists());
    run(&site, &["migrate"]).await;
    refused(&site.program.run(&["serve"]).await, 64, "token new");
    let secret = new_token(&site, "operator", &["--role", "admin"]).await;
    let service = site.program.serve().await;
    assert_eq!(service.get("/repos").await.0, StatusCode::UNAUTHORIZED);
    let service = service.with_token(&secret);
    assert_eq!(service.get("/repos").await.0, StatusCode::OK);
    run(&site, &["token", "revoke", "operator"]).await;
    answers(&service, StatusCode::UNAUTHORIZED).await;
    service.stop().await;
    refused(&site.program.run(&["serve"]).await, 64, "token new");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_makes_no_sense_is_not_made() {
    let hash = format!("{:x}", Sha256::digest("secret"));
    let section =
        format!("\n[[auth.tokens]]\nname = \"ops\"\nrole = \"admin\"\nsha256 = \"{hash}\"\n");
    let site = Site::open_with(Database::sqlite(), &section).await;
    run(&site, &["migrate"]).await;
    for (name, role, more, code, words) in [
        (
            "ops",
            "admin",
            &[][..],
            1,
            "the configuration has a token `ops`",
        ),
        ("a b", "admin", &[], 64, "name of a token"),
        ("ci", "root", &[], 64, "`root` is no role"),
        (
            "ci",
            "viewer",
            &["--watch", "*b"],
            64,
            "no pattern of names",
        ),
        ("ci", "viewer", &["--expires", "0s"], 1, "--expires"),
        ("ci", "viewer", &["--expires", "soon"], 64, "soon"),
    ] {
        let new = ["token", "new", "--name", name, "--role", role];
        let ended = site.program.run(&[&new, more].concat()).await;
        refused(&ended, code, words);
    }
    let list = run(&site, &["token", "list"]).await;
    assert_eq!(list.lines().count(), 1, "{list}");
    let new = [
        "token", "new", "--name", "ci", "--role", "viewer", "--watch", "wbe",
    ];
    let warned = site.program.run(&new).await;
    refused(&warned, 0, "`wbe` fits no watch");
}
