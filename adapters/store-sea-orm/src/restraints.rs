use registrywatcher::deployment::{DeploymentId, Quarantined};
use registrywatcher::freeze::Freeze;
use registrywatcher::ports::{RestraintChange, Restraints, Step, StoreError};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, Iterable,
    QueryOrder, QuerySelect, Set,
};

use crate::entity::{quarantine, restraints};
use crate::error::{corrupt, of_statement};
use crate::stored::{Row, json, number, understood};

pub(crate) async fn read(db: &impl ConnectionTrait) -> Result<Restraints, StoreError> {
    let rows = quarantine::Entity::find()
        .order_by_asc(quarantine::Column::Since)
        .order_by_asc(quarantine::Column::Deployment)
        .all(db);
    let quarantine = understood(rows.await.map_err(of_statement)?)?;
    let found = only_row(db, Lock::No).await?;
    let row = row();
    let freeze = found.freeze.as_deref();
    Ok(Restraints {
        revision: row.count("revision", found.revision)?,
        quarantine,
        freeze: freeze.map(|text| row.json("freeze", text)).transpose()?,
    })
}

/// The revision, which stays as it is until the transaction ends if anything in `step` depends on it.
pub(crate) async fn checked_revision(
    transaction: &DatabaseTransaction,
    step: &Step,
) -> Result<u64, StoreError> {
    let depends = step.restraints_revision.is_some() || !step.restraints.is_empty();
    let lock = if depends { Lock::Yes } else { Lock::No };
    let found = only_row(transaction, lock).await?;
    let revision = row().count("revision", found.revision)?;
    if step.restraints_revision.is_some_and(|on| on != revision) {
        return Err(StoreError::Conflict {
            what: "what keeps deployments back".to_owned(),
        });
    }
    Ok(revision)
}

/// Does what [`Restraints::apply`] does, change by change.
pub(crate) async fn change(
    transaction: &DatabaseTransaction,
    changes: &[RestraintChange],
    revision: u64,
) -> Result<(), StoreError> {
    let mut row = restraints::ActiveModel {
        id: Set(restraints::ID),
        revision: Set(number(revision)),
        ..Default::default()
    };
    for change in changes {
        match change {
            RestraintChange::Quarantine(entry) => quarantine(transaction, entry).await?,
            RestraintChange::Release(deployment) => release(transaction, *deployment).await?,
            RestraintChange::Freeze(freeze) => row.freeze = Set(stored(freeze.as_ref())?),
        }
    }
    row.update(transaction).await.map_err(of_statement)?;
    Ok(())
}

fn stored(freeze: Option<&Freeze>) -> Result<Option<String>, StoreError> {
    freeze.map(json).transpose()
}

async fn quarantine(
    transaction: &DatabaseTransaction,
    entry: &Quarantined,
) -> Result<(), StoreError> {
    use quarantine::{Column, Entity, Model};

    let replace = OnConflict::column(Column::Deployment)
        .update_columns(Column::iter().filter(|column| !matches!(column, Column::Deployment)))
        .to_owned();
    Entity::insert(Model::try_from(entry)?.into_active_model())
        .on_conflict(replace)
        .exec_without_returning(transaction)
        .await
        .map_err(of_statement)?;
    Ok(())
}

async fn release(
    transaction: &DatabaseTransaction,
    deployment: DeploymentId,
) -> Result<(), StoreError> {
    let released = quarantine::Entity::delete_by_id(deployment.0);
    released.exec(transaction).await.map_err(of_statement)?;
    Ok(())
}

/// Whether others may change a row before this transaction ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lock {
    No,
    Yes,
}

async fn only_row(db: &impl ConnectionTrait, lock: Lock) -> Result<restraints::Model, StoreError> {
    let only = restraints::Entity::find_by_id(restraints::ID);
    // SQLite knows no locks of rows; there a transaction that writes is alone.
    let only = match lock {
        Lock::Yes => only.lock_exclusive(),
        Lock::No => only,
    };
    let found = only.one(db).await.map_err(of_statement)?;
    found.ok_or_else(|| corrupt("table restraints".to_owned(), "its row is missing"))
}

fn row() -> Row {
    Row::new("restraints", restraints::ID)
}
