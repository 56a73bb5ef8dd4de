use std::collections::BTreeMap;

use registrywatcher::deployment::Deployment;
use registrywatcher::event::{Event, EventId};
use registrywatcher::ports::{
    DeploymentQuery, EventQuery, EventRange, Quarantine, Snapshot, StoreError, WatchState,
};
use registrywatcher::watch::WatchName;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};

use crate::entity::{counters, deployments, events, quarantine, sink_cursors, watches};
use crate::error::{corrupt, of_statement};
use crate::stored::{Row, number};

/// What the rules need, of all watches or only of one; `transaction` makes it of one moment.
pub(crate) async fn snapshot(
    transaction: &DatabaseTransaction,
    only: Option<&WatchName>,
) -> Result<Snapshot, StoreError> {
    Ok(Snapshot {
        watches: watch_states(transaction, only).await?,
        open: open_deployments(transaction, only).await?,
        quarantine: whole_quarantine(transaction).await?,
        cursors: cursors(transaction).await?,
        last_event: last_event(transaction).await?,
    })
}

async fn watch_states(
    db: &impl ConnectionTrait,
    only: Option<&WatchName>,
) -> Result<Vec<WatchState>, StoreError> {
    let rows = watches::Entity::find()
        .apply_if(only, |query, name| {
            query.filter(watches::Column::Name.eq(name.as_str()))
        })
        .order_by_asc(watches::Column::Name)
        .all(db);
    understood(rows.await.map_err(of_statement)?)
}

async fn open_deployments(
    db: &impl ConnectionTrait,
    only: Option<&WatchName>,
) -> Result<Vec<Deployment>, StoreError> {
    let rows = deployments::Entity::find()
        .filter(deployments::Column::EndedAt.is_null())
        .apply_if(only, |query, name| {
            query.filter(deployments::Column::Watch.eq(name.as_str()))
        })
        .order_by_asc(deployments::Column::Id)
        .all(db);
    understood(rows.await.map_err(of_statement)?)
}

async fn whole_quarantine(db: &impl ConnectionTrait) -> Result<Quarantine, StoreError> {
    let rows = quarantine::Entity::find()
        .order_by_asc(quarantine::Column::Since)
        .order_by_asc(quarantine::Column::Deployment)
        .all(db);
    let entries = understood(rows.await.map_err(of_statement)?)?;
    let revision = quarantine_revision(db, Lock::No).await?;
    Ok(Quarantine { revision, entries })
}

/// Whether others may change a row before this transaction ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    No,
    Yes,
}

pub(crate) async fn quarantine_revision(
    db: &impl ConnectionTrait,
    lock: Lock,
) -> Result<u64, StoreError> {
    let counter = counters::Entity::find_by_id(counters::QUARANTINE);
    // SQLite knows no locks of rows; there a transaction that writes is alone.
    let counter = if lock == Lock::Yes {
        counter.lock_exclusive()
    } else {
        counter
    };
    let found = counter.one(db).await.map_err(of_statement)?;
    let row = Row::new("counters", counters::QUARANTINE);
    match found {
        Some(counter) => row.count("value", counter.value),
        None => Err(corrupt(
            "table counters".to_owned(),
            "the row `quarantine` is missing",
        )),
    }
}

async fn cursors(db: &impl ConnectionTrait) -> Result<BTreeMap<String, EventId>, StoreError> {
    let rows = sink_cursors::Entity::find()
        .all(db)
        .await
        .map_err(of_statement)?;
    rows.into_iter()
        .map(|cursor| {
            let event = Row::new("sink_cursors", &cursor.sink).count("event", cursor.event)?;
            Ok((cursor.sink, event))
        })
        .collect()
}

async fn last_event(db: &impl ConnectionTrait) -> Result<EventId, StoreError> {
    let last: Option<i64> = events::Entity::find()
        .select_only()
        .column(events::Column::Id)
        .order_by_desc(events::Column::Id)
        .into_tuple()
        .one(db)
        .await
        .map_err(of_statement)?;
    last.map_or(Ok(0), |id| Row::new("events", id).count("id", id))
}

pub(crate) async fn find_deployments(
    db: &impl ConnectionTrait,
    query: &DeploymentQuery,
) -> Result<Vec<Deployment>, StoreError> {
    use deployments::Column;

    let rows = deployments::Entity::find()
        .apply_if(query.id, |rows, id| rows.filter(Column::Id.eq(id.0)))
        .apply_if(query.watch.as_ref(), |rows, name| {
            rows.filter(Column::Watch.eq(name.as_str()))
        })
        .apply_if(query.before, |rows, before| {
            rows.filter(Column::Id.lt(before.0))
        })
        .order_by_desc(Column::Id)
        .limit(u64::from(query.limit))
        .all(db);
    understood(rows.await.map_err(of_statement)?)
}

pub(crate) async fn find_events(
    db: &impl ConnectionTrait,
    query: &EventQuery,
) -> Result<Vec<Event>, StoreError> {
    use events::Column;

    let rows = events::Entity::find()
        .apply_if(query.watch.as_ref(), |rows, name| {
            rows.filter(Column::Watch.eq(name.as_str()))
        })
        .limit(u64::from(query.limit));
    let rows = match query.range {
        EventRange::After(id) => rows
            .filter(Column::Id.gt(number(id)))
            .order_by_asc(Column::Id),
        EventRange::Before(before) => rows
            .apply_if(before, |rows, id| rows.filter(Column::Id.lt(number(id))))
            .order_by_desc(Column::Id),
    };
    understood(rows.all(db).await.map_err(of_statement)?)
}

fn understood<T, M>(rows: Vec<M>) -> Result<Vec<T>, StoreError>
where
    T: TryFrom<M, Error = StoreError>,
{
    rows.into_iter().map(T::try_from).collect()
}
