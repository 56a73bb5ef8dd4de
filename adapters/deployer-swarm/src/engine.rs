mod logs;
mod swarm;

use chrono::{DateTime, Utc};
use registrywatcher::ports::BuildError;
use registrywatcher_docker_engine::{ApiError, Client, Settings, json, send};
use reqwest::{Method, Response};
use serde_json::Value;

pub(crate) use swarm::Sight;

/// A manager of the swarm whose services are deployed to.
#[derive(Debug)]
pub(crate) struct Engine {
    client: Client,
}

/// An answer, and when it was given by the manager's own clock, where it tells.
struct Answer {
    value: Value,
    at: Option<DateTime<Utc>>,
}

impl Engine {
    pub(crate) fn build(settings: &Settings) -> Result<Self, BuildError> {
        let client = Client::build(settings)?;
        Ok(Self { client })
    }

    async fn get(&self, segments: &[&str], query: &[(&str, &str)]) -> Result<Answer, ApiError> {
        let request = self.client.request(Method::GET, segments).await?;
        read(send(request.query(query)).await?).await
    }
}

async fn read(response: Response) -> Result<Answer, ApiError> {
    let date = response
        .headers()
        .get("date")
        .and_then(|it| it.to_str().ok());
    let at = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok());
    Ok(Answer {
        at: at.map(|at| at.to_utc()),
        value: json(response).await?,
    })
}
