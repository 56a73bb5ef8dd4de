use std::collections::{BTreeMap, BTreeSet};

use registrywatcher::ports::{LeaseClaim, ReplicaId, Resource, StoreError};
use registrywatcher::watch::WatchName;
use sea_orm::{
    ActiveModelTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryOrder, QuerySelect,
};

use crate::entity::configurations;
use crate::error::{of_statement, unavailable};
use crate::sql::Sql;
use crate::stored::{Row, json, number};

/// One that did not ask for so long is forgotten.
const DAY: &str = "86400000";

/// Renews what a replica holds, and gives it its share of what nobody holds, in a fixed number of statements.
///
/// What it holds beyond its share, or does not ask for any more, stays its own until it runs out: until it has got the answer it
/// may still work on it, and the answer may get lost. Nothing here waits for what another replica does: one that hangs in
/// the middle of its claim must not keep others from renewing theirs.
pub(crate) async fn claim(
    transaction: &DatabaseTransaction,
    claim: &LeaseClaim,
) -> Result<BTreeSet<Resource>, StoreError> {
    let asked: BTreeMap<String, &Resource> = claim
        .resources
        .iter()
        .map(|resource| (resource.to_string(), resource))
        .collect();
    let sql = Sql(transaction);
    let (now, share) = present(sql, claim, asked.len()).await?;
    sql.expect_long_lists().await?;
    let granting = Granting {
        sql,
        replica: claim.replica,
        asked: json(&asked.keys().collect::<Vec<_>>())?,
        now,
        until: now + millis(claim),
    };
    let mut granted = granting.kept(share).await?;
    if granted.len() < share {
        granted.extend(granting.taken_over(share - granted.len()).await?);
    }
    if granted.len() < share {
        granted.extend(granting.unheard_of(share - granted.len()).await?);
    }
    let granted = granted.iter().filter_map(|text| asked.get(text));
    Ok(granted.map(|&resource| resource.clone()).collect())
}

/// Says that the replica is there. Gives the time, and how many of `asked` resources are its part.
async fn present(
    sql: Sql<'_>,
    claim: &LeaseClaim,
    asked: usize,
) -> Result<(i64, usize), StoreError> {
    let now = sql.now();
    let others = format!(
        "SELECT clock.now, other.generation, count(other.id) AS replicas FROM (SELECT {now} AS now) AS clock \
         LEFT JOIN replicas AS other ON other.id <> $1 AND other.expires_at > clock.now \
         GROUP BY clock.now, other.generation ORDER BY other.generation DESC LIMIT 1"
    );
    let others = sql.query_one(others, [claim.replica.0.into()]).await?;
    let others = others.ok_or_else(|| unavailable("the database did not tell the time"))?;
    let cell = |column| others.try_get::<i64>("", column).map_err(of_statement);
    let now = cell("now")?;
    let newest: Option<i64> = others.try_get("", "generation").map_err(of_statement)?;
    let mine = number(claim.generation);
    let announced = "INSERT INTO replicas (id, generation, expires_at) VALUES ($1, $2, $3) \
         ON CONFLICT (id) DO UPDATE SET generation = excluded.generation, expires_at = excluded.expires_at";
    let until = now + millis(claim);
    sql.execute(
        announced,
        [claim.replica.0.into(), mine.into(), until.into()],
    )
    .await?;
    let share = match newest {
        Some(newest) if newest > mine => 0,
        Some(newest) if newest == mine => {
            let others = usize::try_from(cell("replicas")?).unwrap_or_default();
            asked.div_ceil(others + 1)
        }
        _ => asked,
    };
    Ok((now, share))
}

/// One answer to a claim, as of one moment.
struct Granting<'a> {
    sql: Sql<'a>,
    replica: ReplicaId,
    asked: String,
    now: i64,
    until: i64,
}

impl Granting<'_> {
    /// What it holds it keeps, that which it renewed last first.
    async fn kept(&self, most: usize) -> Result<Vec<String>, StoreError> {
        let asked = self.sql.texts(3);
        let renew = format!(
            "WITH kept AS MATERIALIZED ( \
               SELECT resource FROM leases \
               WHERE replica = $1 AND expires_at > $2 AND resource IN (SELECT value FROM {asked}) \
               ORDER BY expires_at DESC, resource LIMIT $4) \
             UPDATE leases SET expires_at = $5 \
             WHERE replica = $1 AND resource IN (SELECT resource FROM kept) RETURNING resource"
        );
        let values = [
            self.replica.0.into(),
            self.now.into(),
            self.asked.as_str().into(),
            limit(most).into(),
            self.until.into(),
        ];
        self.sql.column(renew, values).await
    }

    /// What ran out. What is locked is being taken over by another replica, or written under a lease that has just run out.
    async fn taken_over(&self, most: usize) -> Result<Vec<String>, StoreError> {
        let asked = self.sql.texts(2);
        let skipping = self.sql.locking("FOR UPDATE SKIP LOCKED");
        let take = format!(
            "WITH free AS MATERIALIZED ( \
               SELECT resource FROM leases \
               WHERE expires_at <= $1 AND resource IN (SELECT value FROM {asked}) \
               ORDER BY resource LIMIT $3 {skipping}) \
             UPDATE leases SET replica = $4, expires_at = $5 \
             WHERE resource IN (SELECT resource FROM free) RETURNING resource"
        );
        let values = [
            self.now.into(),
            self.asked.as_str().into(),
            limit(most).into(),
            self.replica.0.into(),
            self.until.into(),
        ];
        self.sql.column(take, values).await
    }

    /// What was never held by anybody.
    async fn unheard_of(&self, most: usize) -> Result<Vec<String>, StoreError> {
        let asked = self.sql.texts(3);
        let insert = format!(
            "INSERT INTO leases (resource, replica, expires_at) \
             SELECT list.value, $1, $2 FROM {asked} \
             WHERE NOT EXISTS (SELECT 1 FROM leases WHERE resource = list.value) \
             ORDER BY list.value LIMIT $4 ON CONFLICT (resource) DO NOTHING RETURNING resource"
        );
        let values = [
            self.replica.0.into(),
            self.until.into(),
            self.asked.as_str().into(),
            limit(most).into(),
        ];
        self.sql.column(insert, values).await
    }
}

fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

fn millis(claim: &LeaseClaim) -> i64 {
    i64::try_from(claim.ttl.as_millis()).unwrap_or(i64::MAX >> 1)
}

/// Lets all that a replica holds run out now.
pub(crate) async fn release(
    transaction: &DatabaseTransaction,
    replica: ReplicaId,
) -> Result<(), StoreError> {
    let sql = Sql(transaction);
    let now = sql.now();
    let leave = format!("DELETE FROM replicas WHERE id = $1 OR expires_at < {now} - {DAY}");
    sql.execute(leave, [replica.0.into()]).await?;
    let run_out = "UPDATE leases SET expires_at = 0 WHERE replica = $1";
    sql.execute(run_out, [replica.0.into()]).await?;
    Ok(())
}

/// Refuses if `replica` does not hold the lease of the watch; if it does, nobody takes it over before the transaction ends.
pub(crate) async fn check(
    transaction: &DatabaseTransaction,
    watch: &WatchName,
    replica: ReplicaId,
) -> Result<(), StoreError> {
    let sql = Sql(transaction);
    // This lets the holder renew it, and makes those that would take it over skip it.
    let (now, lock) = (sql.now(), sql.locking("FOR KEY SHARE"));
    let held = format!(
        "SELECT resource FROM leases WHERE resource = $1 AND replica = $2 AND expires_at > {now} {lock}"
    );
    let resource = Resource::Watch(watch.clone()).to_string();
    let held = sql.query_one(held, [resource.into(), replica.0.into()]);
    match held.await? {
        Some(_) => Ok(()),
        None => Err(StoreError::LeaseLost {
            watch: watch.clone(),
        }),
    }
}

/// The number of the configuration with this fingerprint: the latest one's, or the next.
pub(crate) async fn generation(
    transaction: &DatabaseTransaction,
    fingerprint: &str,
) -> Result<u64, StoreError> {
    use configurations::{Column, Entity, Model};

    let sql = Sql(transaction);
    if sql.is_postgres() {
        // Replicas that start at once with a new configuration get one number for it.
        sql.execute("LOCK TABLE configurations IN EXCLUSIVE MODE", [])
            .await?;
    }
    let latest = Entity::find()
        .order_by_desc(Column::Generation)
        .limit(1)
        .one(transaction)
        .await
        .map_err(of_statement)?;
    let generation = latest.as_ref().map_or(0, |latest| latest.generation);
    let row = Row::new("configurations", generation);
    if latest.is_some_and(|latest| latest.fingerprint == fingerprint) {
        return row.count("generation", generation);
    }
    let next = Model {
        generation: generation + 1,
        fingerprint: fingerprint.to_owned(),
    };
    let next = next.into_active_model().reset_all();
    let stored = Entity::insert(next).exec_without_returning(transaction);
    stored.await.map_err(of_statement)?;
    row.count("generation", generation + 1)
}
