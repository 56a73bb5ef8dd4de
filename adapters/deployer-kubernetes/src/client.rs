use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Method, Request};
use kube::client::Body;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::address::Address;
use crate::error::ApiError;
use crate::object::{Object, text};

/// How often a question is asked before its error is given on.
const ATTEMPTS: u32 = 3;
pub(crate) const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// As many objects as a page has. Of pods and the like no second one is looked at: what is judged needs examples, not all.
const MOST_LISTED: &str = "500";

const STRATEGIC_MERGE: &str = "application/strategic-merge-patch+json";
const FIELD_MANAGER: &str = "registrywatcher";

/// Speaks with one API server in raw JSON.
pub(crate) struct Client {
    config: kube::Config,
    timeout: Duration,
    /// Opened at the first request, since that may run an exec plugin; and anew when its credentials are not believed.
    opened: Mutex<Option<kube::Client>>,
}

impl Client {
    pub(crate) fn new(config: kube::Config, timeout: Duration) -> Self {
        Self {
            config,
            timeout,
            opened: Mutex::default(),
        }
    }

    pub(crate) async fn object(&self, address: &Address) -> Result<Object, ApiError> {
        let raw = self.read(&address.path()).await?;
        Ok(Object::new(address.kind, raw))
    }

    /// The items of a collection that a label selector takes, up to a bound.
    pub(crate) async fn list(&self, path: &str, selector: &str) -> Result<Vec<Value>, ApiError> {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("labelSelector", selector)
            .append_pair("limit", MOST_LISTED)
            .finish();
        let mut list = self.read(&format!("{path}?{query}")).await?;
        Ok(items(&mut list))
    }

    /// A page of a collection from where `token` says, or the first if it is empty, and the token of the next one. A page may
    /// be short, or empty, without being the last.
    pub(crate) async fn page(
        &self,
        path: &str,
        token: &str,
    ) -> Result<(Vec<Value>, String), ApiError> {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("limit", MOST_LISTED)
            .extend_pairs(
                Some(token)
                    .filter(|it| !it.is_empty())
                    .map(|it| ("continue", it)),
            )
            .finish();
        let mut list = self.read(&format!("{path}?{query}")).await?;
        let next = text(&list["metadata"]["continue"]).to_owned();
        Ok((items(&mut list), next))
    }

    /// Sends a strategic merge patch once: whether it was done is for the caller to find out if the answer is lost.
    pub(crate) async fn patch(&self, address: &Address, patch: &Value) -> Result<Object, ApiError> {
        let uri = format!("{}?fieldManager={FIELD_MANAGER}", address.path());
        let body = patch.to_string().into_bytes();
        let raw = self
            .send(Method::PATCH, &uri, STRATEGIC_MERGE, body)
            .await?;
        Ok(Object::new(address.kind, raw))
    }

    /// Deletes a pod, if it still is the one that was looked at.
    pub(crate) async fn delete_pod(
        &self,
        address: &Address,
        name: &str,
        uid: &str,
    ) -> Result<(), ApiError> {
        let options = serde_json::json!({
            "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": { "uid": uid },
        });
        let uri = format!("{}/{name}", address.pods());
        let body = options.to_string().into_bytes();
        self.send(Method::DELETE, &uri, "application/json", body)
            .await
            .map(|_| ())
    }

    /// Reads, and asks again when the API server is not well; not once it took all the time that one answer may take.
    async fn read(&self, uri: &str) -> Result<Value, ApiError> {
        let until = Instant::now() + self.timeout;
        let mut pause = FIRST_PAUSE;
        for _ in 1..ATTEMPTS {
            let error = match self
                .send(Method::GET, uri, "application/json", Vec::new())
                .await
            {
                Err(error @ ApiError::Unauthenticated(_)) => {
                    tracing::debug!("the credentials are fetched anew: {error}");
                    continue;
                }
                Err(error) => error,
                answer => return answer,
            };
            match error.retry_after(pause) {
                Some(wait) if Instant::now() + wait < until => tokio::time::sleep(wait).await,
                _ => return Err(error),
            }
            pause *= 2;
        }
        self.send(Method::GET, uri, "application/json", Vec::new())
            .await
    }

    async fn send(
        &self,
        method: Method,
        uri: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<Value, ApiError> {
        let exchange = self.exchange(method, uri, content_type, body);
        tokio::time::timeout(self.timeout, exchange)
            .await
            .unwrap_or_else(|_| Err(ApiError::unavailable("kubernetes did not answer in time")))
    }

    async fn exchange(
        &self,
        method: Method,
        uri: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<Value, ApiError> {
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, content_type)
            .body(Body::from(body))
            .map_err(|error| ApiError::Rejected(format!("nothing: {error}")))?;
        let client = self.opened().await?;
        let answer = client.send(request).await.map_err(ApiError::of_exchange)?;
        let (head, body) = answer.into_parts();
        let body = body.collect_bytes().await.map_err(ApiError::of_exchange)?;
        if head.status.is_success() {
            return serde_json::from_slice(&body).map_err(|error| {
                ApiError::unavailable(format!("kubernetes answers no JSON: {error}"))
            });
        }
        let error = ApiError::of_answer(head.status, &body, retry_after(&head.headers));
        if matches!(error, ApiError::Unauthenticated(_)) {
            *self.opened.lock().await = None;
        }
        Err(error)
    }

    async fn opened(&self) -> Result<kube::Client, ApiError> {
        let mut opened = self.opened.lock().await;
        if let Some(client) = &*opened {
            return Ok(client.clone());
        }
        let config = self.config.clone();
        let client = tokio::task::spawn_blocking(move || kube::Client::try_from(config))
            .await
            .map_err(|error| ApiError::unavailable(format!("no client can be made: {error}")))?
            .map_err(ApiError::of_exchange)?;
        Ok(opened.insert(client).clone())
    }
}

fn items(list: &mut Value) -> Vec<Value> {
    match list["items"].take() {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}
