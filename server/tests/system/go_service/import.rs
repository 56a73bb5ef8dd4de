use super::{GoSite, NAME};
use crate::databases::{Database, on_both_databases};

on_both_databases!(what_the_go_service_stored_is_kept_after_the_first_start);

const TABLE: &str = "CREATE TABLE deployed_repository_version (\
    repository_name varchar PRIMARY KEY, \
    pinned_tag varchar NOT NULL, \
    auto_deploy boolean NOT NULL DEFAULT true);";

async fn what_the_go_service_stored_is_kept_after_the_first_start(database: Database) {
    let Some(site) = GoSite::open(database).await else {
        return;
    };
    let rows = format!(
        "INSERT INTO deployed_repository_version VALUES ('{NAME}', 'v0.9.0', false), ('gone', '', true);"
    );
    site.database.sql(TABLE);
    site.database.sql(&rows);
    site.push("v0.9.0");
    let service = site.serve().await;
    let repos = service.read("/repos").await;
    assert_eq!(repos[NAME]["pinned_tag"], "v0.9.0");
    assert_eq!(repos[NAME]["auto_deploy"], false);
    // Pinned to another tag than what runs, but nothing is deployed by itself.
    service.decides(NAME, "auto_deploy_off").await;
    assert_eq!(site.nomad.registrations(), 0);

    service.reset(NAME).await;
    service.stop().await;
    let service = site.serve().await;
    let repos = service.read("/repos").await;
    assert_eq!(repos[NAME]["pinned_tag"], "", "imported once");
    let left = site
        .database
        .sql("SELECT pinned_tag FROM deployed_repository_version ORDER BY repository_name;");
    assert_eq!(left.lines().collect::<Vec<_>>(), ["", "v0.9.0"]);
}
