use registrywatcher::ports::{LoggedTag, StoreError};
use sea_orm::entity::prelude::*;

use crate::stored::Row;

/// `digest` is empty where a tag was listed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tag_log")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub repository: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub tag: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: String,
    pub image: Option<String>,
    pub first_seen: DateTimeUtc,
    pub last_seen: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for LoggedTag {
    type Error = StoreError;

    fn try_from(model: Model) -> Result<Self, StoreError> {
        let key = format!("{}:{}@{}", model.repository, model.tag, model.digest);
        let row = Row::new("tag_log", key);
        let image = model.image.as_deref();
        Ok(Self {
            tag: row.parse("tag", &model.tag)?,
            image: image.map(|text| row.json("image", text)).transpose()?,
            first_seen: model.first_seen,
            last_seen: model.last_seen,
        })
    }
}
