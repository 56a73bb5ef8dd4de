use registrywatcher::ports::{DeadLetter, StoreError};
use sea_orm::entity::prelude::*;

use crate::stored::{Row, json, number, small_number, time};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dead_letters")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub event: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub sink: String,
    pub at: DateTimeUtc,
    pub attempts: i32,
    pub problem: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<&DeadLetter> for Model {
    type Error = StoreError;

    fn try_from(letter: &DeadLetter) -> Result<Self, StoreError> {
        Ok(Self {
            event: number(letter.event),
            sink: letter.sink.clone(),
            at: time(letter.at),
            attempts: small_number(letter.attempts),
            problem: json(&letter.problem)?,
        })
    }
}

impl TryFrom<Model> for DeadLetter {
    type Error = StoreError;

    fn try_from(model: Model) -> Result<Self, StoreError> {
        let row = Row::new("dead_letters", format!("{}, {}", model.event, model.sink));
        Ok(Self {
            event: row.count("event", model.event)?,
            at: model.at,
            attempts: row.small_count("attempts", model.attempts)?,
            problem: row.json("problem", &model.problem)?,
            sink: model.sink,
        })
    }
}
