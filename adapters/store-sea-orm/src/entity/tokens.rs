use registrywatcher::event::NamePattern;
use registrywatcher::ports::StoreError;
use registrywatcher::token::{Reach, StoredToken};
use sea_orm::entity::prelude::*;

use crate::stored::{Row, json, time};

/// `watches` is null where a token is for everything.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub role: String,
    pub watches: Option<String>,
    pub sha256: String,
    pub created_at: DateTimeUtc,
    pub expires_at: Option<DateTimeUtc>,
    pub last_used_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<&StoredToken> for Model {
    type Error = StoreError;

    fn try_from(token: &StoredToken) -> Result<Self, StoreError> {
        let watches = match &token.reach {
            Reach::Everything => None,
            Reach::Only(patterns) => {
                let texts = patterns.iter().map(ToString::to_string);
                Some(json(&texts.collect::<Vec<_>>())?)
            }
        };
        Ok(Self {
            name: token.name.to_string(),
            role: token.role.to_string(),
            watches,
            sha256: token.hash.to_string(),
            created_at: time(token.created_at),
            expires_at: token.expires_at.map(time),
            last_used_at: token.last_used_at.map(time),
        })
    }
}

impl TryFrom<Model> for StoredToken {
    type Error = StoreError;

    fn try_from(model: Model) -> Result<Self, StoreError> {
        let row = Row::new("tokens", &model.name);
        let reach = match &model.watches {
            None => Reach::Everything,
            Some(text) => Reach::Only(row.json::<Vec<NamePattern>>("watches", text)?),
        };
        Ok(Self {
            name: row.parse("name", &model.name)?,
            role: row.parse("role", &model.role)?,
            reach,
            hash: row.parse("sha256", &model.sha256)?,
            created_at: model.created_at,
            expires_at: model.expires_at,
            last_used_at: model.last_used_at,
        })
    }
}
