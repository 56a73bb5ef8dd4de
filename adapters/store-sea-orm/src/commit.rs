use registrywatcher::deployment::Deployment;
use registrywatcher::event::{Event, NewEvent};
use registrywatcher::ports::{Committed, Step, StoreError, WatchState};
use registrywatcher::watch::WatchName;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend,
    DbErr, EntityTrait, IntoActiveModel, Iterable, QueryFilter,
};

use crate::entity::{deployments, events, watches};
use crate::error::{is_unique_violation, of_statement};
use crate::stored::{Row, number};
use crate::{leases, restraints};

/// Held from the first event of a transaction to its end: ids are then given in the order of commits, and a reader that
/// follows by id skips none. The number is `rwevents` in ASCII.
const TAKE_EVENTS_LOCK: &str = "SELECT pg_advisory_xact_lock(8248172801734636659)";

/// Does all of `step` inside `transaction`, which the caller rolls back on an error.
///
/// Locks are always taken in this order (lease, watch, restraints, units by name, events), so that steps rarely wait for each
/// other; where two do all the same, Postgres ends one, which is then unavailable and can be tried again.
pub(crate) async fn step(
    transaction: &DatabaseTransaction,
    step: Step,
) -> Result<Committed, StoreError> {
    let mut version = 0;
    if let Some(watch) = &step.watch {
        if let Some(replica) = step.lease {
            leases::check(transaction, &watch.name, replica).await?;
        }
        version = store_watch(transaction, watch).await?;
    }
    let mut revision = restraints::checked_revision(transaction, &step).await?;
    store_deployments(transaction, &step.deployments).await?;
    if !step.restraints.is_empty() {
        revision += 1;
        restraints::change(transaction, &step.restraints, revision).await?;
    }
    let name = step.watch.map(|watch| watch.name);
    let events = store_events(transaction, name.as_ref(), step.events).await?;
    Ok(Committed {
        version,
        restraints_revision: revision,
        events,
    })
}

async fn store_watch(
    transaction: &DatabaseTransaction,
    watch: &WatchState,
) -> Result<u64, StoreError> {
    let version = watch.version + 1;
    let mut row = watches::Model::try_from(watch)?
        .into_active_model()
        .reset_all();
    row.version = ActiveValue::Set(number(version));
    let stored = if watch.version == 0 {
        watches::Entity::insert(row)
            .on_conflict(
                OnConflict::column(watches::Column::Name)
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(transaction)
            .await
    } else {
        row.name = ActiveValue::NotSet;
        watches::Entity::update_many()
            .set(row)
            .filter(watches::Column::Name.eq(watch.name.as_str()))
            .filter(watches::Column::Version.eq(number(watch.version)))
            .exec(transaction)
            .await
            .map(|updated| updated.rows_affected)
    };
    match stored {
        Ok(0) | Err(DbErr::RecordNotInserted) => Err(StoreError::Conflict {
            what: format!("the watch `{}`", watch.name),
        }),
        Ok(_) => Ok(version),
        Err(error) => Err(of_statement(error)),
    }
}

/// Those that end go first, so that a step may end one deployment of a unit and start its successor.
async fn store_deployments(
    transaction: &DatabaseTransaction,
    all: &[Deployment],
) -> Result<(), StoreError> {
    let mut ordered: Vec<&Deployment> = all.iter().collect();
    ordered.sort_by_key(|deployment| (deployment.state.is_active(), deployment.unit.as_str()));
    let replace = OnConflict::column(deployments::Column::Id)
        .update_columns(deployments::Column::iter().filter(|column| !is_id(*column)))
        .to_owned();
    for deployment in ordered {
        let row = deployments::Model::try_from(deployment)?.into_active_model();
        let stored = deployments::Entity::insert(row)
            .on_conflict(replace.clone())
            .exec_without_returning(transaction);
        stored.await.map_err(|error| {
            // The primary key cannot be violated by an upsert, so this is the index over active units.
            if is_unique_violation(&error) {
                StoreError::UnitBusy
            } else {
                of_statement(error)
            }
        })?;
    }
    Ok(())
}

fn is_id(column: deployments::Column) -> bool {
    matches!(column, deployments::Column::Id)
}

pub(crate) async fn store_events(
    transaction: &DatabaseTransaction,
    watch: Option<&WatchName>,
    new: Vec<NewEvent>,
) -> Result<Vec<Event>, StoreError> {
    if !new.is_empty() && transaction.get_database_backend() == DbBackend::Postgres {
        transaction
            .execute_unprepared(TAKE_EVENTS_LOCK)
            .await
            .map_err(of_statement)?;
    }
    let mut stored = Vec::with_capacity(new.len());
    for event in new {
        let row = events::new_row(watch, &event)?;
        let inserted = events::Entity::insert(row)
            .exec(transaction)
            .await
            .map_err(of_statement)?;
        let id = inserted.last_insert_id;
        let id = Row::new("events", id).count("id", id)?;
        let at = crate::stored::time(event.at);
        stored.push(Event {
            id,
            at,
            watch: watch.cloned(),
            kind: event.kind,
        });
    }
    Ok(stored)
}
