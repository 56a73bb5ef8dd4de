mod containers;
mod images;

use std::time::Duration;

use registrywatcher::ports::BuildError;
use registrywatcher_docker_engine::{ApiError, ApiVersion, Client, json, send};
use reqwest::{Method, Response};
use serde_json::Value;

use crate::settings::Settings;

/// The engine whose containers are deployed to.
#[derive(Debug)]
pub(crate) struct Engine {
    client: Client,
    pull_timeout: Duration,
    stop_grace: Option<Duration>,
}

impl Engine {
    pub(crate) fn build(settings: &Settings) -> Result<Self, BuildError> {
        Ok(Self {
            client: Client::build(&settings.engine())?,
            pull_timeout: settings.pull_timeout,
            stop_grace: settings.stop_grace,
        })
    }

    /// The version of the API that is spoken; asked for once.
    pub(crate) async fn version(&self) -> Result<ApiVersion, ApiError> {
        self.client.version().await
    }

    async fn get(&self, segments: &[&str], query: &[(&str, &str)]) -> Result<Value, ApiError> {
        let request = self.client.request(Method::GET, segments).await?;
        json(send(request.query(query)).await?).await
    }

    /// As [`Self::get`], with `None` for what does not exist.
    async fn find(&self, segments: &[&str]) -> Result<Option<Value>, ApiError> {
        match self.get(segments, &[]).await {
            Ok(found) => Ok(Some(found)),
            Err(ApiError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn post(&self, segments: &[&str], query: &[(&str, &str)]) -> Result<(), ApiError> {
        let request = self.client.request(Method::POST, segments).await?;
        send(request.query(query)).await.map(|_| ())
    }

    async fn post_json(
        &self,
        segments: &[&str],
        query: &[(&str, &str)],
        body: &Value,
    ) -> Result<Response, ApiError> {
        let request = self.client.request(Method::POST, segments).await?;
        send(request.query(query).json(body)).await
    }
}
