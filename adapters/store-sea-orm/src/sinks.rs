use std::collections::BTreeMap;

use registrywatcher::event::EventId;
use registrywatcher::ports::{DeadLetter, DeadLetterQuery, StoreError};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    Iterable, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use crate::entity::{dead_letters, sink_cursors};
use crate::error::of_statement;
use crate::stored::{Row, number, understood};

pub(crate) async fn cursors(
    db: &impl ConnectionTrait,
) -> Result<BTreeMap<String, EventId>, StoreError> {
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

/// Moves the cursor of `sink` forward to `event`; one that is further already stays.
pub(crate) async fn advance(
    transaction: &DatabaseTransaction,
    sink: &str,
    event: EventId,
) -> Result<(), StoreError> {
    use sink_cursors::{Column, Entity, Model};

    let row = Model {
        sink: sink.to_owned(),
        event: number(event),
    };
    let forward = OnConflict::column(Column::Sink)
        .update_column(Column::Event)
        .action_and_where(Expr::col((Entity, Column::Event)).lt(number(event)))
        .to_owned();
    let stored = Entity::insert(row.into_active_model())
        .on_conflict(forward)
        .exec_without_returning(transaction);
    match stored.await {
        Ok(_) | Err(DbErr::RecordNotInserted) => Ok(()),
        Err(error) => Err(of_statement(error)),
    }
}

/// Keeps `letter`, in the place of an earlier one of the same event, and takes its event for served.
pub(crate) async fn bury(
    transaction: &DatabaseTransaction,
    letter: &DeadLetter,
) -> Result<(), StoreError> {
    use dead_letters::{Column, Entity, Model};

    let is_key = |column: &Column| matches!(column, Column::Event | Column::Sink);
    let replace = OnConflict::columns([Column::Event, Column::Sink])
        .update_columns(Column::iter().filter(|column| !is_key(column)))
        .to_owned();
    Entity::insert(Model::try_from(letter)?.into_active_model())
        .on_conflict(replace)
        .exec_without_returning(transaction)
        .await
        .map_err(of_statement)?;
    advance(transaction, &letter.sink, letter.event).await
}

pub(crate) async fn find_dead_letters(
    db: &impl ConnectionTrait,
    query: &DeadLetterQuery,
) -> Result<Vec<DeadLetter>, StoreError> {
    use dead_letters::Column;

    let rows = dead_letters::Entity::find()
        .filter(Column::Event.gt(number(query.after)))
        .apply_if(query.sink.as_ref(), |rows, sink| {
            rows.filter(Column::Sink.eq(sink))
        })
        .order_by_asc(Column::Event)
        .order_by_asc(Column::Sink)
        .limit(u64::from(query.limit))
        .all(db);
    understood(rows.await.map_err(of_statement)?)
}

pub(crate) async fn remove_dead_letter(
    transaction: &DatabaseTransaction,
    sink: &str,
    event: EventId,
) -> Result<(), StoreError> {
    let removed = dead_letters::Entity::delete_by_id((number(event), sink.to_owned()));
    removed.exec(transaction).await.map_err(of_statement)?;
    Ok(())
}
