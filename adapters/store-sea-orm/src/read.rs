use registrywatcher::deployment::Deployment;
use registrywatcher::event::{Event, EventId};
use registrywatcher::ports::{
    DeploymentQuery, EventQuery, EventRange, Scope, Snapshot, StoreError, WatchState,
};
use registrywatcher::watch::WatchName;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};

use crate::entity::{deployments, events, watches};
use crate::error::of_statement;
use crate::stored::{Row, number, understood};
use crate::{restraints, sinks};

/// What the rules need; `transaction` makes it of one moment.
pub(crate) async fn snapshot(
    transaction: &DatabaseTransaction,
    scope: &Scope,
) -> Result<Snapshot, StoreError> {
    let (watches, open) = match scope {
        Scope::Everything => of_watches(transaction, None).await?,
        Scope::Watch(name) => of_watches(transaction, Some(name)).await?,
        Scope::Shared => (Vec::new(), Vec::new()),
    };
    Ok(Snapshot {
        watches,
        open,
        restraints: restraints::read(transaction).await?,
        cursors: sinks::cursors(transaction).await?,
        last_event: last_event(transaction).await?,
    })
}

/// The states and the open deployments of all watches or only of one.
async fn of_watches(
    transaction: &DatabaseTransaction,
    only: Option<&WatchName>,
) -> Result<(Vec<WatchState>, Vec<Deployment>), StoreError> {
    let watches = watch_states(transaction, only).await?;
    Ok((watches, open_deployments(transaction, only).await?))
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
