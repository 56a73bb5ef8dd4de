use registrywatcher::event::{Event, NewEvent};
use registrywatcher::ports::StoreError;
use registrywatcher::watch::WatchName;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;

use crate::stored::{Row, time, variant_data};

/// The field that names a kind of event in its JSON.
const KIND_TAG: &str = "kind";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "events")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub at: DateTimeUtc,
    pub watch: Option<String>,
    pub kind: String,
    pub data: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A row that gets its id from the database.
pub(crate) fn new_row(
    watch: Option<&WatchName>,
    event: &NewEvent,
) -> Result<ActiveModel, StoreError> {
    Ok(ActiveModel {
        id: NotSet,
        at: Set(time(event.at)),
        watch: Set(watch.map(ToString::to_string)),
        kind: Set(event.kind.name().to_owned()),
        data: Set(variant_data(&event.kind, KIND_TAG)?),
    })
}

impl TryFrom<Model> for Event {
    type Error = StoreError;

    fn try_from(model: Model) -> Result<Self, StoreError> {
        let row = Row::new("events", model.id);
        let watch = model.watch.as_deref();
        Ok(Self {
            id: row.count("id", model.id)?,
            at: model.at,
            watch: watch.map(|name| row.parse("watch", name)).transpose()?,
            kind: row.variant("data", KIND_TAG, model.kind, &model.data)?,
        })
    }
}
