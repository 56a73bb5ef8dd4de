use registrywatcher::deployment::{DeploymentId, Quarantined};
use registrywatcher::intent::Candidate;
use registrywatcher::ports::StoreError;
use sea_orm::entity::prelude::*;

use crate::stored::{Row, json, time};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "quarantine")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub deployment: Uuid,
    pub repository: String,
    pub tag: String,
    pub digest: String,
    pub image: String,
    pub reason: String,
    pub since: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<&Quarantined> for Model {
    type Error = StoreError;

    fn try_from(entry: &Quarantined) -> Result<Self, StoreError> {
        Ok(Self {
            deployment: entry.deployment.0,
            repository: entry.repository.to_string(),
            tag: entry.candidate.tag.to_string(),
            digest: entry.candidate.image.digest.to_string(),
            image: json(&entry.candidate.image)?,
            reason: json(&entry.reason)?,
            since: time(entry.since),
        })
    }
}

impl TryFrom<Model> for Quarantined {
    type Error = StoreError;

    fn try_from(model: Model) -> Result<Self, StoreError> {
        let row = Row::new("quarantine", model.deployment);
        Ok(Self {
            repository: row.parse("repository", &model.repository)?,
            candidate: Candidate {
                tag: row.parse("tag", &model.tag)?,
                image: row.json("image", &model.image)?,
            },
            deployment: DeploymentId(model.deployment),
            reason: row.json("reason", &model.reason)?,
            since: model.since,
        })
    }
}
