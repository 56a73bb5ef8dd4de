use std::time::Duration;

use registrywatcher_docker_engine::{ApiError, send, without_headers};
use reqwest::Method;

use super::Engine;
use crate::task::Task;

/// How long a node may take to tell: what was written is worth no longer wait.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How much of it goes into a message.
const MAX_TEXT: usize = 500;

impl Engine {
    /// The last lines that a task wrote; empty where they cannot be had, as with most drivers of logs.
    pub(crate) async fn last_lines(&self, task: &Task) -> String {
        let written = self.read_log(task).await.unwrap_or_default();
        let text = if task.template().has_terminal() {
            written
        } else {
            without_headers(&written)
        };
        let text = String::from_utf8_lossy(&text);
        let surplus = text.trim().chars().count().saturating_sub(MAX_TEXT);
        text.trim().chars().skip(surplus).collect()
    }

    async fn read_log(&self, task: &Task) -> Result<Vec<u8>, ApiError> {
        let query = [("stdout", "true"), ("stderr", "true"), ("tail", "5")];
        let request = self
            .client
            .request(Method::GET, &["tasks", &task.id, "logs"])
            .await?
            .query(&query)
            .timeout(TIMEOUT.min(self.client.timeout()));
        let written = send(request).await?.bytes().await;
        Ok(written.map_err(ApiError::of_transport)?.to_vec())
    }
}
