use std::time::Duration;

use registrywatcher_docker_engine::{ApiError, json, send, without_headers};
use reqwest::Method;
use serde_json::{Value, json};

use super::Engine;
use crate::container::{Container, Summary};

/// How long Docker waits for a container to stop where nobody says anything.
const STOP_GRACE: Duration = Duration::from_secs(10);

impl Engine {
    /// The container of that name or id.
    pub(crate) async fn container(&self, name: &str) -> Result<Option<Container>, ApiError> {
        let found = self.find(&["containers", name, "json"]).await?;
        found.map(Container::read).transpose()
    }

    /// All containers, also those that do not run; of those the ones that carry all of `labels`.
    pub(crate) async fn containers(&self, labels: &[&str]) -> Result<Vec<Summary>, ApiError> {
        let filters = json!({ "label": labels }).to_string();
        let query = [("all", "true"), ("filters", &filters)];
        let found = self.get(&["containers", "json"], &query).await?;
        serde_json::from_value(found).map_err(|_| ApiError::malformed("list of containers"))
    }

    pub(crate) async fn create(&self, name: &str, body: &Value) -> Result<(), ApiError> {
        let query = [("name", name)];
        let created = self.post_json(&["containers", "create"], &query, body);
        let answer = json(created.await?).await?;
        for warning in answer["Warnings"].as_array().into_iter().flatten() {
            tracing::warn!(container = name, "docker warns: {warning}");
        }
        Ok(())
    }

    pub(crate) async fn start(&self, container: &Container) -> Result<(), ApiError> {
        self.post(&["containers", container.id(), "start"], &[])
            .await
    }

    /// Stops a container with its own signal, and waits until it has stopped.
    pub(crate) async fn stop(&self, container: &Container) -> Result<(), ApiError> {
        let own = container.stop_timeout().unwrap_or(STOP_GRACE);
        let grace = self.stop_grace.unwrap_or(own);
        let seconds = grace.as_secs().to_string();
        let request = self
            .client
            .request(Method::POST, &["containers", container.id(), "stop"])
            .await?
            .query(&[("t", seconds)])
            .timeout(grace + self.client.timeout());
        send(request).await.map(|_| ())
    }

    pub(crate) async fn rename(&self, container: &Container, name: &str) -> Result<(), ApiError> {
        let query = [("name", name)];
        self.post(&["containers", container.id(), "rename"], &query)
            .await
    }

    /// Removes a container, and leaves its volumes.
    pub(crate) async fn remove(&self, id: &str) -> Result<(), ApiError> {
        let request = self
            .client
            .request(Method::DELETE, &["containers", id])
            .await?;
        let request = request.query(&[("v", "false"), ("force", "true")]);
        match send(request).await {
            // A conflict: somebody else removes it right now.
            Ok(_) | Err(ApiError::NotFound(_) | ApiError::Conflict(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn set_restart_policy(
        &self,
        container: &Container,
        policy: &Value,
    ) -> Result<(), ApiError> {
        if container.restart_policy() == policy {
            return Ok(());
        }
        let segments = ["containers", container.id(), "update"];
        let body = json!({ "RestartPolicy": policy });
        self.post_json(&segments, &[], &body).await.map(|_| ())
    }

    pub(crate) async fn connect(
        &self,
        container: &Container,
        network: &str,
        endpoint: &Value,
    ) -> Result<(), ApiError> {
        let body = json!({ "Container": container.id(), "EndpointConfig": endpoint });
        let segments = ["networks", network, "connect"];
        self.post_json(&segments, &[], &body).await.map(|_| ())
    }

    /// The last lines that a container wrote; empty where they cannot be had, as with most drivers of logs.
    pub(crate) async fn last_lines(&self, container: &Container) -> String {
        let query = [("stdout", "true"), ("stderr", "true"), ("tail", "5")];
        let segments = ["containers", container.id(), "logs"];
        let Ok(request) = self.client.request(Method::GET, &segments).await else {
            return String::new();
        };
        let Ok(response) = send(request.query(&query)).await else {
            return String::new();
        };
        let written = response.bytes().await.unwrap_or_default();
        let text = if container.has_terminal() {
            written.to_vec()
        } else {
            without_headers(&written)
        };
        String::from_utf8_lossy(&text).trim().to_owned()
    }
}
