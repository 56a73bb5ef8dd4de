use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use registrywatcher::image::{Image, Tag};
use registrywatcher::ports::{LoggedTag, StoreError, TagChanges, TagLogQuery};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Value,
};
use serde::Serialize;

use crate::entity::tag_log::{Column, Entity};
use crate::error::of_statement;
use crate::sql::Sql;
use crate::stored::{json, time, understood};

/// Told apart from other advisory locks by this number: `rwtg` in ASCII. Two replicas may poll one repository, each for a watch of
/// its own, and would otherwise lock its rows in different orders.
const TAKE_LOG_LOCK: &str = "SELECT pg_advisory_xact_lock(1920431207, hashtext($1))";

#[derive(Serialize)]
struct Resolved<'a> {
    tag: &'a str,
    digest: &'a str,
    image: &'a Image,
}

/// Writes down what was seen, in a fixed number of statements however many tags there are.
pub(crate) async fn write(
    transaction: &DatabaseTransaction,
    changes: &TagChanges,
) -> Result<(), StoreError> {
    let writing = Writing {
        sql: Sql(transaction),
        repository: changes.repository.to_string(),
        at: time(changes.at),
    };
    if writing.sql.is_postgres() {
        writing.sql.expect_long_lists().await?;
        let repository = writing.repository.as_str().into();
        writing.sql.execute(TAKE_LOG_LOCK, [repository]).await?;
    }
    if !changes.listed.is_empty() {
        writing.listed(&changes.listed).await?;
    }
    if !changes.resolved.is_empty() {
        writing.resolved(&changes.resolved).await?;
    }
    if !changes.gone.is_empty() {
        writing.gone(&changes.gone).await?;
    }
    Ok(())
}

struct Writing<'a> {
    sql: Sql<'a>,
    repository: String,
    at: DateTime<Utc>,
}

/// What was seen before is so again.
const SEEN_AGAIN: &str = "ON CONFLICT (repository, tag, digest) DO UPDATE SET last_seen = NULL \
     WHERE tag_log.last_seen IS NOT NULL";

impl Writing<'_> {
    async fn listed(&self, tags: &[Tag]) -> Result<(), StoreError> {
        let tags = list(tags)?;
        let listed = self.sql.texts(3);
        // SQLite takes `ON CONFLICT` behind a table for a condition of a join, unless there is a `WHERE`.
        let insert = format!(
            "INSERT INTO tag_log (repository, tag, digest, first_seen) \
             SELECT DISTINCT $1, list.value, '', $2 FROM {listed} WHERE TRUE {SEEN_AGAIN}"
        );
        self.execute(insert, tags).await
    }

    async fn resolved(&self, all: &[(Tag, Image)]) -> Result<(), StoreError> {
        let all: BTreeMap<&Tag, &Image> = all.iter().map(|(tag, image)| (tag, image)).collect();
        let digests: Vec<(&Tag, &Image, String)> = all
            .into_iter()
            .map(|(tag, image)| (tag, image, image.digest.to_string()))
            .collect();
        let all: Vec<Resolved<'_>> = digests
            .iter()
            .map(|(tag, image, digest)| Resolved {
                tag: tag.as_str(),
                digest,
                image,
            })
            .collect();
        let all = json(&all)?;
        let resolved = self.sql.objects(3);
        let end = format!(
            "UPDATE tag_log SET last_seen = $2 \
             WHERE repository = $1 AND last_seen IS NULL AND digest <> '' \
             AND tag IN (SELECT value ->> 'tag' FROM {resolved}) \
             AND digest || ' ' || tag NOT IN \
             (SELECT (value ->> 'digest') || ' ' || (value ->> 'tag') FROM {resolved})"
        );
        self.execute(end, all.clone()).await?;
        let insert = format!(
            "INSERT INTO tag_log (repository, tag, digest, image, first_seen) \
             SELECT $1, value ->> 'tag', value ->> 'digest', value ->> 'image', $2 \
             FROM {resolved} WHERE TRUE {SEEN_AGAIN}"
        );
        self.execute(insert, all).await
    }

    async fn gone(&self, tags: &[Tag]) -> Result<(), StoreError> {
        let gone = self.sql.texts(3);
        let end = format!(
            "UPDATE tag_log SET last_seen = $2 \
             WHERE repository = $1 AND last_seen IS NULL AND tag IN (SELECT value FROM {gone})"
        );
        self.execute(end, list(tags)?).await
    }

    async fn execute(&self, sql: String, list: String) -> Result<(), StoreError> {
        let repository = Value::from(self.repository.as_str());
        let values = [repository, self.at.into(), list.into()];
        self.sql.execute(sql, values).await.map(|_| ())
    }
}

fn list(tags: &[Tag]) -> Result<String, StoreError> {
    json(&tags.iter().map(Tag::as_str).collect::<Vec<_>>())
}

pub(crate) async fn find(
    db: &impl ConnectionTrait,
    query: &TagLogQuery,
) -> Result<Vec<LoggedTag>, StoreError> {
    let asked_for = Condition::all()
        .add(Column::Repository.eq(query.repository.to_string()))
        .add_option(query.tag.as_ref().map(|tag| Column::Tag.eq(tag.as_str())))
        .add_option(query.after.as_ref().map(|tag| Column::Tag.gt(tag.as_str())))
        .add_option(query.current.then(|| Column::LastSeen.is_null()));
    let tags = Entity::find()
        .select_only()
        .column(Column::Tag)
        .filter(asked_for.clone())
        .group_by(Column::Tag)
        .order_by_asc(Column::Tag)
        .limit(u64::from(query.limit))
        .into_query();
    let rows = Entity::find()
        .filter(asked_for)
        .filter(Column::Tag.in_subquery(tags))
        .order_by_asc(Column::Tag)
        .order_by_asc(Column::FirstSeen)
        .order_by_asc(Column::Digest)
        .all(db);
    understood(rows.await.map_err(of_statement)?)
}

/// Removes what was last seen before.
pub(crate) async fn prune(
    transaction: &DatabaseTransaction,
    before: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let ended = Entity::delete_many().filter(Column::LastSeen.lt(time(before)));
    let deleted = ended.exec(transaction).await.map_err(of_statement)?;
    Ok(deleted.rows_affected)
}
