use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use registrywatcher_docker_engine::{AUTH, ApiError, send};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Engine, read};
use crate::service::Service;
use crate::task::Task;

/// A service, and when it was so by the manager's own clock, where it tells.
#[derive(Debug, Clone)]
pub(crate) struct Sight {
    pub(crate) service: Service,
    pub(crate) at: Option<DateTime<Utc>>,
}

impl Engine {
    /// The service of that name. Swarm would also take the beginning of an id for one.
    pub(crate) async fn service(&self, name: &str) -> Result<Option<Sight>, ApiError> {
        let answer = match self.get(&["services", name], &[]).await {
            Err(ApiError::NotFound(_)) => return Ok(None),
            answer => answer?,
        };
        let service = Service::read(answer.value)?;
        let at = answer.at;
        Ok((service.spec().name() == name).then_some(Sight { service, at }))
    }

    /// Writes `spec` over the service as it was read; a [`ApiError::Conflict`] if it has changed since.
    pub(crate) async fn update(
        &self,
        service: &Service,
        spec: &Value,
        auth: Option<&str>,
    ) -> Result<(), ApiError> {
        let version = service.version().to_string();
        let path = ["services", service.id(), "update"];
        let mut request = self
            .client
            .request(Method::POST, &path)
            .await?
            .query(&[("version", version.as_str())])
            .json(spec);
        if let Some(auth) = auth {
            request = request.header(AUTH, auth);
        }
        let answer = read(send(request).await?).await?;
        for warning in answer.value["Warnings"].as_array().into_iter().flatten() {
            tracing::warn!(service = service.spec().name(), "docker warns: {warning}");
        }
        Ok(())
    }

    /// The services with that label.
    pub(crate) async fn services_with(&self, label: &str) -> Result<Vec<Service>, ApiError> {
        let filters = json!({ "label": [label] }).to_string();
        let answer = self.get(&["services"], &[("filters", &filters)]).await?;
        let listed: Vec<Value> = list(answer.value, "services")?;
        listed.into_iter().map(Service::read).collect()
    }

    /// What a service runs and has run, as far as that is kept.
    pub(crate) async fn tasks(&self, service: &str) -> Result<Vec<Task>, ApiError> {
        let filters = json!({ "service": [service] }).to_string();
        let answer = self.get(&["tasks"], &[("filters", &filters)]).await?;
        list(answer.value, "tasks")
    }

    /// The ids of the nodes that are up.
    pub(crate) async fn nodes(&self) -> Result<BTreeSet<String>, ApiError> {
        let answer = self.get(&["nodes"], &[]).await?;
        let listed: Vec<Value> = list(answer.value, "nodes")?;
        let is_up = |node: &&Value| node["Status"]["State"] != "down";
        let ids = listed.iter().filter(is_up).map(|node| node["ID"].as_str());
        Ok(ids.flatten().map(str::to_owned).collect())
    }

    /// What the registry tells the manager of an image; `auth` is the header that presents credentials, if any.
    pub(crate) async fn distribution(
        &self,
        reference: &str,
        auth: Option<&str>,
    ) -> Result<Value, ApiError> {
        let path = ["distribution", reference, "json"];
        let mut request = self.client.request(Method::GET, &path).await?;
        if let Some(auth) = auth {
            request = request.header(AUTH, auth);
        }
        Ok(read(send(request).await?).await?.value)
    }
}

/// A list, which Docker writes as `null` where it is empty.
fn list<T: DeserializeOwned>(value: Value, what: &str) -> Result<Vec<T>, ApiError> {
    let listed: Option<Vec<T>> = serde_json::from_value(value).map_err(|error| {
        ApiError::malformed(&format!("list of {what} that can be read ({error})"))
    })?;
    Ok(listed.unwrap_or_default())
}
