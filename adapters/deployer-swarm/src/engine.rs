mod logs;
mod swarm;
mod version;

use std::time::Duration;

use chrono::{DateTime, Utc};
use registrywatcher::ports::BuildError;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::sync::OnceCell;
use url::Url;

use crate::error::ApiError;
use crate::settings::Settings;
use crate::transport;
pub(crate) use swarm::Sight;
use version::ApiVersion;

/// Speaks HTTP with one manager of a swarm, in the newest version of its API that both know.
#[derive(Debug)]
pub(crate) struct Engine {
    http: reqwest::Client,
    base: Url,
    timeout: Duration,
    version: OnceCell<ApiVersion>,
}

/// An answer, and when it was given by the manager's own clock, where it tells.
struct Answer {
    value: Value,
    at: Option<DateTime<Utc>>,
}

impl Engine {
    pub(crate) fn build(settings: &Settings) -> Result<Self, BuildError> {
        let (http, base) = transport::build(settings)?;
        Ok(Self {
            http,
            base,
            timeout: settings.timeout,
            version: OnceCell::new(),
        })
    }

    /// The version of the API that is spoken; asked for once.
    async fn version(&self) -> Result<ApiVersion, ApiError> {
        let version = self.version.get_or_try_init(|| async {
            let request = self.http.get(self.url(&["version"])).timeout(self.timeout);
            let answer = read(send(request).await?).await?;
            ApiVersion::negotiate(&answer.value)
        });
        version.await.copied()
    }

    async fn get(&self, segments: &[&str], query: &[(&str, &str)]) -> Result<Answer, ApiError> {
        let request = self.request(Method::GET, segments).await?.query(query);
        read(send(request).await?).await
    }

    async fn request(&self, method: Method, segments: &[&str]) -> Result<RequestBuilder, ApiError> {
        let version = format!("v{}", self.version().await?);
        let url = self.url(&[&[version.as_str()], segments].concat());
        Ok(self.http.request(method, url).timeout(self.timeout))
    }

    fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

async fn send(request: RequestBuilder) -> Result<Response, ApiError> {
    let response = request.send().await.map_err(ApiError::of_transport)?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let body = response.text().await.unwrap_or_default();
    Err(ApiError::of_answer(status, &body))
}

async fn read(response: Response) -> Result<Answer, ApiError> {
    let date = response
        .headers()
        .get("date")
        .and_then(|it| it.to_str().ok());
    let at = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok());
    Ok(Answer {
        at: at.map(|at| at.to_utc()),
        value: response.json().await.map_err(ApiError::of_transport)?,
    })
}
