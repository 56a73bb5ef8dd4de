use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, QueryResult};
use tracing::{info, warn};

/// Takes over what the Go service stored: which tag each repository is pinned to, and whether it deploys by itself.
///
/// Its table is left alone, so that one can go back to it. A migration runs once, so what operators change here afterwards
/// is never overwritten.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const GO_TABLE: &str = "deployed_repository_version";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if !manager.has_table(GO_TABLE).await? {
            return Ok(());
        }
        let all = Query::select()
            .columns(["repository_name", "pinned_tag", "auto_deploy"])
            .from(GO_TABLE)
            .take();
        for row in manager.get_connection().query_all(&all).await? {
            import(manager, &row).await?;
        }
        Ok(())
    }

    /// Removes what was imported and has not been taken over by a watch of the configuration since.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let imported = Query::delete()
            .from_table("watches")
            .and_where(Expr::col("repository").is_null())
            .take();
        manager.execute(imported).await
    }
}

async fn import(manager: &SchemaManager<'_>, row: &QueryResult) -> Result<(), DbErr> {
    let name: String = row.try_get("", "repository_name")?;
    let pinned_tag: String = row.try_get("", "pinned_tag")?;
    let auto_deploy: bool = row.try_get("", "auto_deploy")?;
    if !is_watch_name(&name) {
        warn!(
            watch.name = name,
            "not imported from the Go service: this cannot name a watch"
        );
        return Ok(());
    }
    let is_pinned = !pinned_tag.is_empty();
    let pin = Some(pinned_tag).filter(|tag| is_tag(tag));
    if is_pinned && pin.is_none() {
        warn!(
            watch.name = name,
            "imported from the Go service without its pin, which is no tag"
        );
    }
    info!(watch.name = name, "imported from the Go service");
    manager.execute(watch(&name, pin, auto_deploy)).await
}

fn watch(name: &str, pinned_tag: Option<String>, auto_deploy: bool) -> InsertStatement {
    let cells: [(&str, Expr); 8] = [
        ("name", name.into()),
        ("version", 1_i64.into()),
        ("pinned_tag", pinned_tag.into()),
        ("auto_deploy", auto_deploy.into()),
        ("intent_revision", 1_i64.into()),
        ("requests", "[]".into()),
        ("workloads", "[]".into()),
        ("retired", false.into()),
    ];
    let (columns, values): (Vec<_>, Vec<_>) = cells.into_iter().unzip();
    Query::insert()
        .into_table("watches")
        .columns(columns)
        .values_panic(values)
        .take()
}

/// The grammar of a watch's name when this migration was written: a letter or digit, then letters, digits, `.`, `_`, `-`.
fn is_watch_name(text: &str) -> bool {
    let follows = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    text.len() <= 100
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(follows)
}

/// The grammar of a tag: a word character, then up to 127 of `[A-Za-z0-9_.-]`.
fn is_tag(text: &str) -> bool {
    let follows = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    text.len() <= 128
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text.chars().all(follows)
}
