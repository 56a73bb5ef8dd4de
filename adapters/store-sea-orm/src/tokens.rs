use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registrywatcher::event::NewEvent;
use registrywatcher::ports::{StoreError, Tokens};
use registrywatcher::token::{StoredToken, TokenHash, TokenName};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, IntoActiveModel, QueryFilter};

use crate::commit::store_events;
use crate::entity::tokens::{Column, Entity, Model};
use crate::error::of_statement;
use crate::store::SeaOrmStore;
use crate::stored::{time, understood};

#[async_trait]
impl Tokens for SeaOrmStore {
    async fn tokens(&self) -> Result<Vec<StoredToken>, StoreError> {
        self.bounded(async {
            let rows = Entity::find().all(&self.db).await;
            let mut tokens: Vec<StoredToken> = understood(rows.map_err(of_statement)?)?;
            // Not by the database: its order depends on its locale.
            tokens.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(tokens)
        })
        .await
    }

    async fn add_token(&self, token: &StoredToken, told: NewEvent) -> Result<bool, StoreError> {
        let row = Model::try_from(token)?.into_active_model();
        self.writing(async |transaction| {
            let added = Entity::insert(row)
                .on_conflict(OnConflict::new().do_nothing().to_owned())
                .exec_without_returning(transaction);
            let is_added = match added.await {
                Ok(rows) => rows > 0,
                Err(DbErr::RecordNotInserted) => false,
                Err(error) => return Err(of_statement(error)),
            };
            if is_added {
                Box::pin(store_events(transaction, None, vec![told])).await?;
            }
            Ok(is_added)
        })
        .await
    }

    async fn remove_token(&self, name: &TokenName, told: NewEvent) -> Result<bool, StoreError> {
        self.writing(async |transaction| {
            let removed = Entity::delete_by_id(name.to_string()).exec(transaction);
            let removed = removed.await.map_err(of_statement)?;
            let was_known = removed.rows_affected > 0;
            if was_known {
                Box::pin(store_events(transaction, None, vec![told])).await?;
            }
            Ok(was_known)
        })
        .await
    }

    async fn note_token_use(&self, hash: &TokenHash, at: DateTime<Utc>) -> Result<(), StoreError> {
        let at = time(at);
        let is_older = Condition::any()
            .add(Column::LastUsedAt.is_null())
            .add(Column::LastUsedAt.lt(at));
        self.writing(async |transaction| {
            Entity::update_many()
                .col_expr(Column::LastUsedAt, Expr::value(at))
                .filter(Column::Sha256.eq(hash.to_string()))
                .filter(is_older)
                .exec(transaction)
                .await
                .map_err(of_statement)?;
            Ok(())
        })
        .await
    }
}
