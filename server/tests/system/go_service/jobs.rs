use serde_json::json;

use super::{GoSite, NAME};
use crate::databases::{Database, on_both_databases};

on_both_databases!(
    what_the_team_wrote_into_its_job_survives,
    what_others_change_meanwhile_survives,
);

async fn what_the_team_wrote_into_its_job_survives(database: Database) {
    let Some(site) = GoSite::open(database).await else {
        return;
    };
    let before = site.job();
    let service = site.serve().await;
    let digest = site.push("v1.1.0");
    let deployment = service.newest_deployment(NAME, "v1.1.0", "succeeded").await;

    let mut expected = before["TaskGroups"][0]["Tasks"][0].clone();
    expected["Config"]["image"] = json!(site.image(&digest));
    expected["Meta"] = json!({
        "owner": "someone",
        "registrywatcher_deployment": deployment["id"],
        "registrywatcher_tag": "v1.1.0",
        "registrywatcher_digest": digest.as_str(),
    });
    assert_eq!(site.task(), expected);
    assert_eq!(site.job()["Meta"], before["Meta"]);
    assert_eq!(
        site.job()["TaskGroups"][0]["Update"],
        before["TaskGroups"][0]["Update"]
    );
}

async fn what_others_change_meanwhile_survives(database: Database) {
    let Some(mut site) = GoSite::open(database).await else {
        return;
    };
    site.hurry();
    let service = site.serve().await;
    site.nomad.scale(NAME, "app", 3);
    site.nomad.edit_before_next_register(NAME, |job| {
        job["TaskGroups"][0]["Tasks"][0]["Env"]["STAGE"] = json!("production");
    });
    let digest = site.push("v1.1.0");
    site.runs(&digest).await;
    service.newest_deployment(NAME, "v1.1.0", "succeeded").await;
    assert_eq!(site.job()["TaskGroups"][0]["Count"], 3);
    assert_eq!(site.task()["Env"]["STAGE"], "production");

    // Also between two deployments, without our mark in the job any more.
    site.nomad
        .edit(NAME, |job| job["Meta"]["team"] = json!("platform"));
    site.nomad.scale(NAME, "app", 5);
    let digest = site.push("v1.2.0");
    site.runs(&digest).await;
    service.newest_deployment(NAME, "v1.2.0", "succeeded").await;
    assert_eq!(site.job()["TaskGroups"][0]["Count"], 5);
    assert_eq!(site.job()["Meta"]["team"], "platform");
    assert_eq!(site.task()["Env"]["STAGE"], "production");
}
