mod containers;
mod images;
mod version;

use std::time::Duration;

use registrywatcher::ports::BuildError;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::sync::OnceCell;
use url::Url;

use crate::error::ApiError;
use crate::settings::Settings;
use crate::transport;
pub(crate) use version::ApiVersion;

/// Speaks HTTP with one Docker Engine, in the newest version of its API that both know.
#[derive(Debug)]
pub(crate) struct Engine {
    http: reqwest::Client,
    base: Url,
    timeout: Duration,
    pull_timeout: Duration,
    stop_grace: Option<Duration>,
    version: OnceCell<ApiVersion>,
}

impl Engine {
    pub(crate) fn build(settings: &Settings) -> Result<Self, BuildError> {
        let (http, base) = transport::build(settings)?;
        Ok(Self {
            http,
            base,
            timeout: settings.timeout,
            pull_timeout: settings.pull_timeout,
            stop_grace: settings.stop_grace,
            version: OnceCell::new(),
        })
    }

    /// The version of the API that is spoken; asked for once.
    pub(crate) async fn version(&self) -> Result<ApiVersion, ApiError> {
        let version = self.version.get_or_try_init(|| async {
            let request = self.http.get(self.url(&["version"])).timeout(self.timeout);
            let answer = json(send(request).await?).await?;
            ApiVersion::negotiate(&answer)
        });
        version.await.copied()
    }

    async fn get(&self, segments: &[&str], query: &[(&str, &str)]) -> Result<Value, ApiError> {
        let request = self.request(Method::GET, segments).await?.query(query);
        json(send(request).await?).await
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
        let request = self.request(Method::POST, segments).await?.query(query);
        send(request).await.map(|_| ())
    }

    async fn post_json(
        &self,
        segments: &[&str],
        query: &[(&str, &str)],
        body: &Value,
    ) -> Result<Response, ApiError> {
        let request = self.request(Method::POST, segments).await?.query(query);
        send(request.json(body)).await
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
    // 304: it is started, or stopped, already.
    if status.is_success() || status == reqwest::StatusCode::NOT_MODIFIED {
        return Ok(response);
    }
    let body = response.text().await.unwrap_or_default();
    Err(ApiError::of_answer(status, &body))
}

async fn json(response: Response) -> Result<Value, ApiError> {
    response.json().await.map_err(ApiError::of_transport)
}
