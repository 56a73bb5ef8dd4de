use registrywatcher::intent::{Intent, Target};
use registrywatcher::ports::{StoreError, WatchState};
use sea_orm::entity::prelude::*;

use crate::stored::{Row, json, number};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "watches")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub version: i64,
    pub repository: Option<String>,
    pub pinned_tag: Option<String>,
    pub auto_deploy: bool,
    pub hold: Option<String>,
    pub freeze: Option<String>,
    pub intent_revision: i64,
    pub requests: String,
    pub workloads: String,
    pub retired: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<&WatchState> for Model {
    type Error = StoreError;

    fn try_from(watch: &WatchState) -> Result<Self, StoreError> {
        Ok(Self {
            name: watch.name.to_string(),
            version: number(watch.version),
            repository: watch.repository.as_ref().map(ToString::to_string),
            pinned_tag: watch.intent.target.pinned().map(ToString::to_string),
            auto_deploy: watch.intent.auto_deploy,
            hold: watch.intent.hold.as_ref().map(json).transpose()?,
            freeze: watch.freeze.as_ref().map(json).transpose()?,
            intent_revision: number(watch.intent.revision),
            requests: json(&watch.requests)?,
            workloads: json(&watch.workloads)?,
            retired: watch.retired,
        })
    }
}

impl TryFrom<Model> for WatchState {
    type Error = StoreError;

    fn try_from(model: Model) -> Result<Self, StoreError> {
        let row = Row::new("watches", &model.name);
        let repository = model.repository.as_deref();
        let pinned_tag = model.pinned_tag.as_deref();
        let hold = model.hold.as_deref();
        let freeze = model.freeze.as_deref();
        let pin = pinned_tag
            .map(|tag| row.parse("pinned_tag", tag))
            .transpose()?;
        Ok(Self {
            name: row.parse("name", &model.name)?,
            version: row.count("version", model.version)?,
            repository: repository
                .map(|text| row.parse("repository", text))
                .transpose()?,
            intent: Intent {
                revision: row.count("intent_revision", model.intent_revision)?,
                target: pin.map_or(Target::Track, Target::Pin),
                auto_deploy: model.auto_deploy,
                hold: hold.map(|text| row.json("hold", text)).transpose()?,
            },
            freeze: freeze.map(|text| row.json("freeze", text)).transpose()?,
            requests: row.json("requests", &model.requests)?,
            workloads: row.json("workloads", &model.workloads)?,
            retired: model.retired,
        })
    }
}
