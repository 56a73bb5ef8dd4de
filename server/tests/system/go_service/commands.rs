use serde_json::json;

use super::{GoSite, NAME, REPOSITORY};
use crate::databases::{Database, on_both_databases};

on_both_databases!(
    a_pinned_tag_is_followed_by_digest_until_the_watch_is_reset,
    with_auto_deploy_off_nothing_is_deployed_until_it_is_on_again,
    a_tag_that_was_pushed_a_second_ago_can_be_pinned,
);

async fn a_pinned_tag_is_followed_by_digest_until_the_watch_is_reset(database: Database) {
    let Some(mut site) = GoSite::open(database).await else {
        return;
    };
    site.hurry();
    site.push("v0.9.0");
    let service = site.serve().await;

    service
        .change_tag(NAME, json!({ "pinned_tag": "v0.9.0" }))
        .await;
    let deployment = service.newest_deployment(NAME, "v0.9.0", "succeeded").await;
    assert_eq!(deployment["cause"]["message"], "requested by operator");

    // What is newer is of no interest, and the tag that is pinned is when it points to something else.
    let newer = site.push("v1.5.0");
    let pushed_again = site.registry.push(REPOSITORY, "v0.9.0", "v0.9.0, again");
    site.runs(&pushed_again).await;
    let deployment = service.newest_deployment(NAME, "v0.9.0", "succeeded").await;
    assert_eq!(deployment["cause"]["name"], "digest_changed");
    assert_eq!(site.nomad.registrations(), 2);

    service.reset(NAME).await;
    site.runs(&newer).await;
    service.newest_deployment(NAME, "v1.5.0", "succeeded").await;
    let repos = service.read("/repos").await;
    assert_eq!(repos[NAME]["pinned_tag"], "");
    assert_eq!(repos[NAME]["auto_deploy"], true);

    // And tracks again.
    let newest = site.push("v1.6.0");
    site.runs(&newest).await;
}

async fn with_auto_deploy_off_nothing_is_deployed_until_it_is_on_again(database: Database) {
    let Some(mut site) = GoSite::open(database).await else {
        return;
    };
    let service = site.serve().await;
    service
        .change_tag(NAME, json!({ "auto_deploy": false }))
        .await;
    let digest = site.push("v1.1.0");
    service.next_poll(NAME).await;
    service.decides(NAME, "auto_deploy_off").await;
    service.stop().await;

    // It stays off over a restart. The next poll after that is far away: what follows follows at once.
    site.program.set("REGISTRYWATCHER_POLL__INTERVAL", "1h");
    let service = site.serve().await;
    service.decides(NAME, "auto_deploy_off").await;
    assert_eq!(site.nomad.registrations(), 0);
    service
        .change_tag(NAME, json!({ "auto_deploy": true }))
        .await;
    site.runs(&digest).await;
    assert_eq!(site.nomad.registrations(), 1);
}

async fn a_tag_that_was_pushed_a_second_ago_can_be_pinned(database: Database) {
    let Some(mut site) = GoSite::open(database).await else {
        return;
    };
    // No poll sees it before it is asked for.
    site.program.set("REGISTRYWATCHER_POLL__INTERVAL", "1h");
    let service = site.serve().await;
    let digest = site.push("v0.1.0-hotfix");
    service
        .change_tag(NAME, json!({ "pinned_tag": "v0.1.0-hotfix" }))
        .await;
    site.runs(&digest).await;
    assert_eq!(site.nomad.registrations(), 1);
}
