use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registrywatcher::ports::{Sessions, StoreError};
use registrywatcher::token::{Session, SessionHash};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter};

use crate::entity::sessions::{Column, Entity, Model};
use crate::error::of_statement;
use crate::store::SeaOrmStore;
use crate::stored::time;

#[async_trait]
impl Sessions for SeaOrmStore {
    async fn session(&self, hash: &SessionHash) -> Result<Option<Session>, StoreError> {
        self.bounded(async {
            let row = Entity::find_by_id(hash.to_string()).one(&self.db).await;
            row.map_err(of_statement)?
                .map(Session::try_from)
                .transpose()
        })
        .await
    }

    async fn begin_session(&self, session: &Session) -> Result<(), StoreError> {
        let row = Model::from(session).into_active_model();
        self.writing(async |transaction| {
            let begun = Entity::insert(row).exec_without_returning(transaction);
            begun.await.map(|_| ()).map_err(of_statement)
        })
        .await
    }

    async fn note_session_use(
        &self,
        hash: &SessionHash,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let at = time(at);
        self.writing(async |transaction| {
            let noted = Entity::update_many()
                .col_expr(Column::LastUsedAt, Expr::value(at))
                .filter(Column::Sha256.eq(hash.to_string()))
                .filter(Column::LastUsedAt.lt(at))
                .exec(transaction);
            noted.await.map(|_| ()).map_err(of_statement)
        })
        .await
    }

    async fn end_session(&self, hash: &SessionHash) -> Result<(), StoreError> {
        self.writing(async |transaction| {
            let ended = Entity::delete_by_id(hash.to_string()).exec(transaction);
            ended.await.map(|_| ()).map_err(of_statement)
        })
        .await
    }

    async fn prune_sessions(
        &self,
        began: DateTime<Utc>,
        used: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let is_over = Condition::any()
            .add(Column::BeganAt.lt(time(began)))
            .add(Column::LastUsedAt.lt(time(used)));
        self.writing(async |transaction| {
            let pruned = Entity::delete_many().filter(is_over).exec(transaction);
            let pruned = pruned.await.map_err(of_statement)?;
            Ok(pruned.rows_affected)
        })
        .await
    }
}
