use registrywatcher::deployment::{Deployment, DeploymentId};
use registrywatcher::intent::Candidate;
use registrywatcher::ports::StoreError;
use registrywatcher::watch::Unit;
use sea_orm::entity::prelude::*;

use crate::stored::{Row, json, small_number, time, variant_data};

/// The field that names a state in its JSON.
const STATE_TAG: &str = "state";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deployments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub watch: String,
    pub workload: String,
    pub unit: String,
    pub source: String,
    pub tag: String,
    pub digest: String,
    pub image: String,
    pub cause: String,
    pub forced: bool,
    pub attempt: i32,
    pub previous: Option<String>,
    pub created_at: DateTimeUtc,
    pub deadline: DateTimeUtc,
    pub superseded_by: Option<Uuid>,
    pub state: String,
    pub state_data: String,
    pub ended_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<&Deployment> for Model {
    type Error = StoreError;

    fn try_from(deployment: &Deployment) -> Result<Self, StoreError> {
        Ok(Self {
            id: deployment.id.0,
            watch: deployment.watch.to_string(),
            workload: json(&deployment.workload)?,
            unit: deployment.unit.to_string(),
            source: deployment.source.to_string(),
            tag: deployment.candidate.tag.to_string(),
            digest: deployment.candidate.image.digest.to_string(),
            image: json(&deployment.candidate.image)?,
            cause: json(&deployment.cause)?,
            forced: deployment.forced,
            attempt: small_number(deployment.attempt),
            previous: deployment.previous.as_ref().map(json).transpose()?,
            created_at: time(deployment.created_at),
            deadline: time(deployment.deadline),
            superseded_by: deployment.superseded_by.map(|id| id.0),
            state: deployment.state.name().to_owned(),
            state_data: variant_data(&deployment.state, STATE_TAG)?,
            ended_at: deployment.state.ended_at().map(time),
        })
    }
}

impl TryFrom<Model> for Deployment {
    type Error = StoreError;

    fn try_from(model: Model) -> Result<Self, StoreError> {
        let row = Row::new("deployments", model.id);
        let previous = model.previous.as_deref();
        Ok(Self {
            id: DeploymentId(model.id),
            watch: row.parse("watch", &model.watch)?,
            workload: row.json("workload", &model.workload)?,
            unit: Unit::from_stored(model.unit),
            source: row.parse("source", &model.source)?,
            candidate: Candidate {
                tag: row.parse("tag", &model.tag)?,
                image: row.json("image", &model.image)?,
            },
            cause: row.json("cause", &model.cause)?,
            forced: model.forced,
            attempt: row.small_count("attempt", model.attempt)?,
            previous: previous
                .map(|text| row.json("previous", text))
                .transpose()?,
            created_at: model.created_at,
            deadline: model.deadline,
            superseded_by: model.superseded_by.map(DeploymentId),
            state: row.variant("state_data", STATE_TAG, model.state, &model.state_data)?,
        })
    }
}
