use std::time::Duration;

use registrywatcher::ports::BuildError;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tokio::sync::OnceCell;
use url::Url;

use crate::error::ApiError;
use crate::settings::Settings;
use crate::transport;
use crate::version::ApiVersion;

/// Speaks HTTP with one engine, in the newest version of its API that both know.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    timeout: Duration,
    version: OnceCell<ApiVersion>,
}

impl Client {
    /// A client of the engine that `settings` name; the engine is not asked yet.
    pub fn build(settings: &Settings) -> Result<Self, BuildError> {
        let (http, base) = transport::build(settings)?;
        Ok(Self {
            http,
            base,
            timeout: settings.timeout,
            version: OnceCell::new(),
        })
    }

    /// How long an answer may take, unless a request says otherwise.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The version of the API that is spoken; asked for once.
    pub async fn version(&self) -> Result<ApiVersion, ApiError> {
        let version = self.version.get_or_try_init(|| async {
            let request = self.http.get(self.url(&["version"])).timeout(self.timeout);
            let answer = json(send(request).await?).await?;
            ApiVersion::negotiate(&answer)
        });
        version.await.copied()
    }

    /// A request to the path of `segments`, which [`send`] sends.
    pub async fn request(
        &self,
        method: Method,
        segments: &[&str],
    ) -> Result<RequestBuilder, ApiError> {
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

/// Sends a request, and tells an answer that is no success as an error.
pub async fn send(request: RequestBuilder) -> Result<Response, ApiError> {
    let response = request.send().await.map_err(ApiError::of_transport)?;
    let status = response.status();
    // 304: it is as it was asked to be already, such as a container that runs.
    if status.is_success() || status == StatusCode::NOT_MODIFIED {
        return Ok(response);
    }
    let body = response.text().await.unwrap_or_default();
    Err(ApiError::of_answer(status, &body))
}

/// The JSON of an answer.
pub async fn json(response: Response) -> Result<Value, ApiError> {
    response.json().await.map_err(ApiError::of_transport)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_engine_that_is_not_there_is_told_with_the_reason() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let settings = Settings {
            address: Some("unix:///does/not/exist.sock".to_owned()),
            ..Settings::default()
        };
        let error = Client::build(&settings)
            .unwrap()
            .version()
            .await
            .unwrap_err();
        let told = error.to_string();
        assert!(
            told.starts_with("docker cannot be reached: No such file"),
            "{told}"
        );
    }
}
