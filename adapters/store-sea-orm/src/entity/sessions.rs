use registrywatcher::ports::StoreError;
use registrywatcher::token::Session;
use sea_orm::entity::prelude::*;

use crate::stored::{Row, time};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub sha256: String,
    pub token_sha256: String,
    pub began_at: DateTimeUtc,
    pub last_used_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<&Session> for Model {
    fn from(session: &Session) -> Self {
        Self {
            sha256: session.hash.to_string(),
            token_sha256: session.token.to_string(),
            began_at: time(session.began_at),
            last_used_at: time(session.last_used_at),
        }
    }
}

impl TryFrom<Model> for Session {
    type Error = StoreError;

    fn try_from(model: Model) -> Result<Self, StoreError> {
        // Not by its hash: that is in no message.
        let row = Row::new("sessions", model.began_at);
        Ok(Self {
            hash: row.parse("sha256", &model.sha256)?,
            token: row.parse("token_sha256", &model.token_sha256)?,
            began_at: model.began_at,
            last_used_at: model.last_used_at,
        })
    }
}
