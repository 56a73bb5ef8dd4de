use std::time::Duration;

use serde_json::Value;

use super::{GoSite, NAME};
use crate::databases::{Database, on_both_databases};
use crate::service::Service;

on_both_databases!(
    what_runs_is_adopted_without_a_restart,
    a_newer_release_is_deployed_by_digest_within_a_poll,
    tags_that_are_no_newer_release_deploy_nothing,
    what_was_pushed_while_the_service_was_down_is_found_at_its_start,
    a_failed_release_is_not_tried_again_and_the_next_one_is_deployed,
    a_release_that_cannot_be_started_is_not_tried_again_and_the_next_one_is_deployed,
);

async fn what_runs_is_adopted_without_a_restart(database: Database) {
    let Some(site) = GoSite::open(database).await else {
        return;
    };
    let service = site.serve().await;
    let watch = service.decides(NAME, "up_to_date").await;
    let running = &watch["workloads"][0]["running"];
    assert_eq!(running["tag"], "v1.0.0");
    assert_eq!(running["origin"], "assumed");
    assert_eq!(running["digest"], watch["wanted"]["digest"]);
    assert_eq!(service.count_events(NAME, "workload_adopted").await, 1);
    service.next_poll(NAME).await;
    assert_eq!(site.nomad.registrations(), 0);
}

async fn a_newer_release_is_deployed_by_digest_within_a_poll(database: Database) {
    let Some(site) = GoSite::open(database).await else {
        return;
    };
    let service = site.serve().await;
    let digest = site.push("v1.1.0");
    let pushed = time_of_day();
    site.runs(&digest).await;
    let deployment = service.newest_deployment(NAME, "v1.1.0", "succeeded").await;
    assert_eq!(deployment["cause"]["name"], "newer_version");
    assert_eq!(deployment["digest"], digest.as_str());
    // A poll each second, give or take a tenth, and a second to ask and to decide.
    let waited = time(&deployment["created_at"]) - pushed;
    assert!(
        waited.to_std().unwrap_or_default() < Duration::from_millis(2100),
        "decided after {waited}"
    );
    assert_eq!(site.marks(), [deployment["id"].as_str().unwrap()]);
    assert_eq!(site.nomad.registrations(), 1);
}

async fn tags_that_are_no_newer_release_deploy_nothing(database: Database) {
    let Some(site) = GoSite::open(database).await else {
        return;
    };
    let service = site.serve().await;
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let tags = ["v0.9.9", "v1.1.0-rc.1", "2.0.0", "v2.0", "latest", commit];
    for tag in tags {
        site.push(tag);
    }
    site.push(&format!("v9.9.9-{commit}"));
    service.next_poll(NAME).await;
    let watch = service.decides(NAME, "up_to_date").await;
    assert_eq!(watch["wanted"]["tag"], "v1.0.0");
    assert_eq!(watch["listing"]["count"], 8, "all were seen");
    assert_eq!(site.nomad.registrations(), 0);
}

async fn what_was_pushed_while_the_service_was_down_is_found_at_its_start(database: Database) {
    let Some(site) = GoSite::open(database).await else {
        return;
    };
    let service = site.serve().await;
    service.decides(NAME, "up_to_date").await;
    assert_eq!(service.stop().await.code, Some(0));
    let digest = site.push("v1.1.0");
    let service = site.serve().await;
    site.runs(&digest).await;
    service.newest_deployment(NAME, "v1.1.0", "succeeded").await;
    assert_eq!(site.nomad.registrations(), 1);
}

async fn a_failed_release_is_not_tried_again_and_the_next_one_is_deployed(database: Database) {
    let Some(mut site) = GoSite::open(database).await else {
        return;
    };
    site.hurry();
    let service = site.serve().await;
    let unhealthy = |digest: &str| site.nomad.unhealthy_image(digest);
    break_release(&site, &service, "v1.1.0", unhealthy).await;
    service.next_poll(NAME).await;
    let watch = service.decides(NAME, "quarantined").await;
    assert_eq!(watch["wanted"]["tag"], "v1.1.0");
    assert_eq!(site.nomad.registrations(), 1, "tried once");
    let running = site.nomad.running_image(NAME, "app", NAME).unwrap();
    assert!(running.ends_with(":v1.0.0"), "{running}");

    // Nor after a restart.
    service.stop().await;
    let service = site.serve().await;
    service.decides(NAME, "quarantined").await;
    assert_eq!(site.nomad.registrations(), 1, "tried once");

    let digest = site.push("v1.2.0");
    site.runs(&digest).await;
    service.newest_deployment(NAME, "v1.2.0", "succeeded").await;
    assert_eq!(site.nomad.registrations(), 2);
}

async fn a_release_that_cannot_be_started_is_not_tried_again_and_the_next_one_is_deployed(
    database: Database,
) {
    let Some(mut site) = GoSite::open(database).await else {
        return;
    };
    site.hurry();
    let service = site.serve().await;
    // As Docker says it of an image for another architecture.
    let words = "OCI runtime create failed: unable to start container process: exec /server: exec format error";
    let unstartable = |digest: &str| site.nomad.fail_image(digest, words);
    let failed = break_release(&site, &service, "v1.1.0", unstartable).await;
    let message = failed["failure"]["message"].as_str().unwrap();
    assert!(message.contains(words), "{message}");
    service.decides(NAME, "quarantined").await;
    service.next_poll(NAME).await;
    assert_eq!(site.nomad.registrations(), 1, "tried once");
    let digest = site.push("v1.2.0");
    site.runs(&digest).await;
}

/// Pushes a release that fails by its own fault, and waits until it has failed and was reverted.
async fn break_release(
    site: &GoSite,
    service: &Service,
    tag: &str,
    fault: impl FnOnce(&str),
) -> Value {
    // Under a tag that is no release first, so that the fault is there before the release is.
    let digest = site.registry.push(super::REPOSITORY, "being-built", tag);
    fault(digest.as_str());
    assert_eq!(site.push(tag), digest);
    let failed = service.newest_deployment(NAME, tag, "failed").await;
    assert_eq!(failed["failure"]["restored"], true, "{failed}");
    assert_eq!(failed["failure"]["fault"], "image", "{failed}");
    failed
}

fn time(text: &Value) -> chrono::DateTime<chrono::FixedOffset> {
    chrono::DateTime::parse_from_rfc3339(text.as_str().unwrap()).unwrap()
}

/// The time of day, as the service's clock has it.
#[expect(
    clippy::disallowed_methods,
    reason = "compared with what another process read from the system's clock"
)]
fn time_of_day() -> chrono::DateTime<chrono::FixedOffset> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = i64::try_from(since.unwrap().as_millis()).unwrap();
    chrono::DateTime::from_timestamp_millis(millis)
        .unwrap()
        .fixed_offset()
}
