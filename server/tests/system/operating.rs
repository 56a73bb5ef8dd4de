//! The verbs that tell a running service what to do.

use sha2::{Digest as _, Sha256};

use crate::child::Ended;
use crate::databases::{Database, on_both_databases};
use crate::service::Service;
use crate::site::Site;

on_both_databases!(
    what_is_frozen_is_not_deployed_until_it_is_unfrozen,
    a_rollback_goes_to_what_ran_before_and_stays_there,
    what_is_released_from_quarantine_is_deployed_again,
);

#[track_caller]
pub(crate) fn says(ended: &Ended, code: i32, words: &str) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    let said = if code == 0 {
        &ended.stdout
    } else {
        &ended.stderr
    };
    assert!(said.contains(words), "`{words}` is not in: {ended:?}");
}

/// Runs a verb of `ctl` against the service.
pub(crate) async fn tell(site: &Site, service: &Service, arguments: &[&str]) -> Ended {
    let service = ["ctl", "--server", service.url()];
    site.program.run(&[&service, arguments].concat()).await
}

async fn what_is_frozen_is_not_deployed_until_it_is_unfrozen(database: Database) {
    let site = Site::open(database).await;
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;
    for watch in [Some("web"), None] {
        let verb = |verb| std::iter::once(verb).chain(watch).collect::<Vec<&str>>();
        let freeze = [verb("freeze"), vec!["--for", "1h", "--reason", "the fair"]].concat();
        says(&tell(&site, &service, &freeze).await, 0, ": the fair");
        says(
            &tell(&site, &service, &["watches"]).await,
            0,
            "frozen until",
        );
        let tag = if watch.is_some() { "v1.1.0" } else { "v1.2.0" };
        let digest = site.publish(tag);
        service.decides("web", "frozen").await;
        let refused = tell(&site, &service, &["rollback", "web"]).await;
        says(&refused, 1, "the fair");
        assert_ne!(site.running(), Some(site.image(&digest)));
        let ended = tell(&site, &service, &verb("unfreeze")).await;
        says(&ended, 0, "any more");
        site.runs(&digest).await;
        service.newest_deployment("web", tag, "succeeded").await;
    }
    let past = [
        "freeze",
        "--until",
        "2020-01-01T00:00:00Z",
        "--reason",
        "never",
    ];
    says(&tell(&site, &service, &past).await, 1, "expired already");
    let nope = ["freeze", "nope", "--for", "1h", "--reason", "x"];
    says(
        &tell(&site, &service, &nope).await,
        1,
        "there is no watch `nope`",
    );
}

async fn a_rollback_goes_to_what_ran_before_and_stays_there(database: Database) {
    let site = Site::open(database).await;
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;
    let refused = tell(&site, &service, &["rollback", "web"]).await;
    says(&refused, 1, "nothing to go back to");
    let first = site.publish("v1.1.0");
    service
        .newest_deployment("web", "v1.1.0", "succeeded")
        .await;
    site.publish("v1.2.0");
    service
        .newest_deployment("web", "v1.2.0", "succeeded")
        .await;
    let asked = tell(&site, &service, &["rollback", "web"]).await;
    says(&asked, 0, "web goes back");
    service
        .newest_deployment("web", "v1.1.0", "succeeded")
        .await;
    site.runs(&first).await;
    service.next_poll("web").await;
    site.runs(&first).await;
    assert_eq!(site.nomad.registrations(), 3);
    let newer = site.publish("v1.3.0");
    site.runs(&newer).await;
}

async fn what_is_released_from_quarantine_is_deployed_again(database: Database) {
    let site = Site::open(database).await;
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;
    let list = ["quarantine", "list", "web"];
    says(&tell(&site, &service, &list).await, 0, "no image");
    site.publish_broken("v1.1.0");
    service.newest_deployment("web", "v1.1.0", "failed").await;
    says(&tell(&site, &service, &list).await, 0, "v1.1.0");
    let release = |image| ["quarantine", "release", "web", image];
    let unknown = tell(&site, &service, &release("v9.9.9")).await;
    says(&unknown, 1, "`v9.9.9`");
    site.nomad.recover();
    let released = tell(&site, &service, &release("v1.1.0")).await;
    says(&released, 0, "may be deployed to web again");
    service
        .newest_deployment("web", "v1.1.0", "succeeded")
        .await;
    says(&tell(&site, &service, &list).await, 0, "no image");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_read_from_a_file_or_the_environment() {
    let token = "0123456789abcdef0123456789abcdef";
    let hash = format!("{:x}", Sha256::digest(token));
    let section =
        format!("\n[[auth.tokens]]\nname = \"ci\"\nrole = \"deployer\"\nsha256 = \"{hash}\"\n");
    let mut site = Site::open_with(Database::sqlite(), &section).await;
    let service = site.program.serve().await;
    let freeze = ["freeze", "web", "--for", "1h", "--reason", "the fair"];
    let refused = tell(&site, &service, &freeze).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let file = site.program.folder().join("token");
    std::fs::write(&file, format!("{token}\n")).unwrap();
    let with_file = [&freeze[..], &["--token-file", file.to_str().unwrap()]].concat();
    says(&tell(&site, &service, &with_file).await, 0, "web is frozen");
    site.program.set("REGISTRYWATCHER_TOKEN", token);
    says(&tell(&site, &service, &freeze).await, 0, "web is frozen");
    // A deployer does not stop everything.
    let all = ["freeze", "--for", "1h", "--reason", "the fair"];
    assert_eq!(tell(&site, &service, &all).await.code, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_without_an_end_or_a_reason_is_no_command() {
    let site = Site::open(Database::sqlite()).await;
    for arguments in [
        &["ctl", "freeze", "--reason", "x"][..],
        &["ctl", "freeze", "--for", "1h"],
        &["ctl", "freeze", "--until", "tomorrow", "--reason", "x"],
    ] {
        let ended = site.program.run(arguments).await;
        assert_eq!(ended.code, Some(64), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_not_there_is_told() {
    let site = Site::open(Database::sqlite()).await;
    let arguments = ["ctl", "unfreeze", "--server", "http://127.0.0.1:1"];
    let ended = site.program.run(&arguments).await;
    says(&ended, 3, "http://127.0.0.1:1 does not answer");
}
