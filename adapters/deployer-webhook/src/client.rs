use std::sync::Arc;
use std::time::Duration;

use registrywatcher::ports::{BuildError, Clock};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Certificate, Method, RequestBuilder, Response, StatusCode};
use url::Url;

use crate::credentials::Credentials;
use crate::error::{CallError, fault};
use crate::settings::{Settings, is_loopback};
use crate::signature;

const USER_AGENT: &str = concat!("registrywatcher/", env!("CARGO_PKG_VERSION"));
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// No answer of the protocol comes near it.
const LONGEST_BODY: usize = 1024 * 1024;

/// Speaks to the receiver.
pub(crate) struct Client {
    http: reqwest::Client,
    credentials: Credentials,
    clock: Arc<dyn Clock>,
}

/// What the receiver answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn build(
        settings: &Settings,
        receiver: &Url,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BuildError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT.min(settings.timeout))
            .timeout(settings.timeout);
        if is_loopback(receiver) {
            builder = builder.no_proxy();
        }
        if let Some(file) = &settings.ca_file {
            let pem = std::fs::read(file).map_err(|error| {
                fault(
                    "ca_file",
                    format!("{} cannot be read: {error}", file.display()),
                )
            })?;
            let found = Certificate::from_pem_bundle(&pem).unwrap_or_default();
            if found.is_empty() {
                let problem = format!("{} holds no certificate in PEM", file.display());
                return Err(fault("ca_file", problem));
            }
            builder = builder.tls_certs_only(found);
        }
        let http = builder.build().map_err(|error| {
            let problem = format!("no client can be made: {}", error.without_url());
            fault("url", problem)
        })?;
        Ok(Self {
            http,
            credentials: Credentials::of(settings)?,
            clock,
        })
    }

    pub(crate) async fn post(&self, url: &Url, id: &str, body: &str) -> Result<Answer, CallError> {
        let request = self
            .http
            .request(Method::POST, url.clone())
            .header(CONTENT_TYPE, "application/json");
        self.send(request, id, body).await
    }

    pub(crate) async fn get(&self, url: &Url, id: &str) -> Result<Answer, CallError> {
        let request = self.http.request(Method::GET, url.clone());
        self.send(request, id, "").await
    }

    async fn send(
        &self,
        request: RequestBuilder,
        id: &str,
        body: &str,
    ) -> Result<Answer, CallError> {
        let presented = self.credentials.read().await?;
        let timestamp = self.clock.now().timestamp();
        let signature = signature::sign(&presented.keys, id, timestamp, body);
        let mut request = request
            .header("accept", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .headers(presented.headers.map());
        if !body.is_empty() {
            request = request.body(body.to_owned());
        }
        let mut response = request.send().await.map_err(CallError::of_transport)?;
        let body = body_of(&mut response).await?;
        Ok(Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: presented.headers.hide_in(body),
        })
    }
}

async fn body_of(response: &mut Response) -> Result<String, CallError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(CallError::of_transport)? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_BODY {
            // Half of an answer could mean the opposite of the whole.
            return Err(CallError::Unavailable {
                problem: format!("the receiver's answer is longer than {LONGEST_BODY} bytes"),
                source: None,
            });
        }
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}
