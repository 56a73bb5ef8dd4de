use std::time::Duration;

use registrywatcher::ports::BuildError;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use url::Url;

use crate::address::Address;
use crate::error::ApiError;
use crate::job::Job;
use crate::secret::Secret;
use crate::settings::Settings;
use crate::transport;

/// A path of the API under `/v1`, each segment as it is before encoding: a job's id may hold a `/`.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) namespace: String,
    pub(crate) segments: Vec<String>,
    query: Vec<(&'static str, String)>,
}

impl Route {
    pub(crate) fn new(namespace: &str, segments: &[&str]) -> Self {
        Self {
            namespace: namespace.to_owned(),
            segments: segments.iter().map(|&segment| segment.to_owned()).collect(),
            query: Vec::new(),
        }
    }

    /// The same with a parameter.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }
}

/// An answer, and the index of Nomad's state that it was given at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Indexed<T> {
    pub(crate) index: u64,
    /// Where a list goes on, if this is a page of one.
    pub(crate) next_token: Option<String>,
    pub(crate) value: T,
}

impl<T> Indexed<T> {
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Indexed<U> {
        Indexed {
            index: self.index,
            next_token: self.next_token,
            value: change(self.value),
        }
    }
}

impl<T> Indexed<Option<T>> {
    pub(crate) fn transpose(self) -> Option<Indexed<T>> {
        Some(Indexed {
            index: self.index,
            next_token: self.next_token,
            value: self.value?,
        })
    }
}

/// What a registration gave.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Registered {
    #[serde(default, rename = "EvalID")]
    pub(crate) evaluation: String,
    #[serde(default)]
    pub(crate) job_modify_index: u64,
    #[serde(default)]
    pub(crate) warnings: Option<String>,
}

/// Speaks HTTP with one Nomad.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    region: Option<String>,
    token: Option<Secret>,
    http_auth: Option<Secret>,
    pub(crate) vault_token: Option<Secret>,
    pub(crate) consul_token: Option<Secret>,
    timeout: Duration,
    waiting: Semaphore,
}

/// How often a question is asked before its error is given on.
const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Nomad takes 100 connections of one address (`limits.http_max_conns_per_client`), and others may share ours.
const MAX_WAITING: usize = 50;

impl Client {
    pub(crate) fn build(settings: Settings) -> Result<Self, BuildError> {
        let (http, base) = transport::build(&settings)?;
        Ok(Self {
            http,
            base,
            region: settings.region,
            token: Secret::choose("token", settings.token, settings.token_file)?,
            http_auth: Secret::choose("http_auth", settings.http_auth, settings.http_auth_file)?,
            vault_token: Secret::choose(
                "vault_token",
                settings.vault_token,
                settings.vault_token_file,
            )?,
            consul_token: Secret::choose(
                "consul_token",
                settings.consul_token,
                settings.consul_token_file,
            )?,
            timeout: settings.timeout,
            waiting: Semaphore::new(MAX_WAITING),
        })
    }

    /// Reads, and asks again for a while when Nomad is between leaders.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        route: &Route,
    ) -> Result<Indexed<T>, ApiError> {
        let mut attempt = 0;
        loop {
            match self
                .read_once(self.http.get(self.url(route)).timeout(self.timeout))
                .await
            {
                Err(error) if error.is_transient() && attempt + 1 < ATTEMPTS => {
                    tracing::debug!(error = %error, attempt, "nomad is asked again");
                    tokio::time::sleep(FIRST_PAUSE * 2_u32.pow(attempt)).await;
                    attempt += 1;
                }
                answer => return answer,
            }
        }
    }

    /// As [`Self::read`], with `None` for what does not exist (any more).
    pub(crate) async fn find<T: DeserializeOwned>(
        &self,
        route: &Route,
    ) -> Result<Option<Indexed<T>>, ApiError> {
        match self.read(route).await {
            Ok(found) => Ok(Some(found)),
            Err(ApiError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The job under `address`, as Nomad has it.
    pub(crate) async fn job(&self, address: &Address) -> Result<Job, ApiError> {
        let route = Route::new(&address.namespace, &["job", &address.job]);
        Ok(self.read(&route).await?.value)
    }

    /// Returns once Nomad's state has moved past `index` where `route` points, or `wait` has passed. Its return means
    /// neither that something changed nor what: the caller reads again, and takes the next index from there, so an index
    /// that went back (a restored snapshot) is never waited for twice.
    pub(crate) async fn wait_beyond(
        &self,
        route: &Route,
        index: u64,
        wait: Duration,
    ) -> Result<(), ApiError> {
        let Ok(_permit) = self.waiting.acquire().await else {
            return Ok(());
        };
        let request = self
            .http
            .get(self.url(route))
            // Without an index, or with 0, Nomad answers at once.
            .query(&[
                ("index", index.max(1).to_string()),
                ("wait", format!("{}ms", wait.as_millis())),
            ])
            // Nomad adds up to a sixteenth, so that its clients do not come back all at once.
            .timeout(wait + wait / 16 + self.timeout);
        self.read_once::<Value>(request).await.map(|_| ())
    }

    /// Registers a job once. After [`ApiError::Unavailable`] it may have been registered or not.
    pub(crate) async fn register(
        &self,
        namespace: &str,
        body: &Value,
    ) -> Result<Registered, ApiError> {
        let url = self.url(&Route::new(namespace, &["jobs"]));
        let request = self.http.post(url).json(body).timeout(self.timeout);
        Ok(self.read_once(request).await?.value)
    }

    /// Promotes all canaries of a deployment; asked again, Nomad says that there are none.
    pub(crate) async fn promote(&self, namespace: &str, deployment: &str) -> Result<(), ApiError> {
        let url = self.url(&Route::new(
            namespace,
            &["deployment", "promote", deployment],
        ));
        let body = json!({ "DeploymentID": deployment, "All": true });
        let request = self.http.post(url).json(&body).timeout(self.timeout);
        self.read_once::<Value>(request).await.map(|_| ())
    }

    fn url(&self, route: &Route) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("v1").extend(&route.segments);
        }
        let mut query = url.query_pairs_mut();
        query.append_pair("namespace", &route.namespace);
        if let Some(region) = &self.region {
            query.append_pair("region", region);
        }
        query.extend_pairs(&route.query);
        drop(query);
        url
    }

    async fn read_once<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<Indexed<T>, ApiError> {
        let answer = self
            .authorised(request)
            .await?
            .send()
            .await
            .map_err(ApiError::of_transport)?;
        let status = answer.status();
        let header = |name| answer.headers().get(name)?.to_str().ok();
        let index = header("X-Nomad-Index")
            .and_then(|index| index.parse().ok())
            .unwrap_or_default();
        let next_token = header("X-Nomad-NextToken").map(str::to_owned);
        let body = answer.bytes().await.map_err(ApiError::of_transport)?;
        if !status.is_success() {
            return Err(ApiError::of_answer(status, &String::from_utf8_lossy(&body)));
        }
        let value = serde_json::from_slice(&body).map_err(|error| {
            ApiError::Rejected(format!(
                "{status} with something that is not its API's: {error}"
            ))
        })?;
        Ok(Indexed {
            index,
            next_token,
            value,
        })
    }

    async fn authorised(&self, mut request: RequestBuilder) -> Result<RequestBuilder, ApiError> {
        if let Some(token) = &self.token {
            request = request.header("X-Nomad-Token", token.header().await?);
        }
        if let Some(secret) = &self.http_auth {
            let secret = secret.read().await?;
            let (user, password) = match secret.expose_secret().split_once(':') {
                Some((user, password)) => (user, Some(password)),
                None => (secret.expose_secret(), None),
            };
            request = request.basic_auth(user, password);
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_s_id_is_one_segment_whatever_it_holds() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let settings = Settings {
            address: Some("http://nomad:4646/behind/".into()),
            region: Some("eu".into()),
            ..Settings::default()
        };
        let client = Client::build(settings).unwrap();
        let url = client.url(&Route::new("default", &["job", "x/plan?", "versions"]));
        assert_eq!(
            url.as_str(),
            "http://nomad:4646/behind/v1/job/x%2Fplan%3F/versions?namespace=default&region=eu"
        );
    }
}
