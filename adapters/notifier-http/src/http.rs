//! Sending a message to a webhook.

mod address;
mod answer;
mod pause;

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use registrywatcher::ports::NotifyError;
use registrywatcher::text::innermost;
use reqwest::Client;
use reqwest::redirect::Policy;
use secrecy::SecretString;
use serde_json::Value;

use self::address::Address;
use crate::error::SinkError;

/// How long and how often a delivery is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryLimits {
    /// After how long one attempt is given up.
    pub timeout: Duration,
    /// How many attempts there are, the first included.
    pub attempts: usize,
    /// The pause before the second attempt, without jitter; it doubles from there.
    pub pause: Duration,
    /// The longest pause that a sink may ask for here; a longer one is left to the caller.
    pub longest_pause: Duration,
}

impl Default for DeliveryLimits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            attempts: 3,
            pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(5),
        }
    }
}

/// A webhook: an address that is a secret, and how it is posted to.
#[derive(Debug)]
pub(crate) struct Sink {
    client: Client,
    address: Address,
    limits: DeliveryLimits,
}

/// The names and values of a request's headers.
pub(crate) type Headers = Vec<(&'static str, String)>;

/// An attempt that failed, and whether the next one may do better.
#[derive(Debug)]
struct Setback {
    error: NotifyError,
    may_pass: bool,
}

impl Sink {
    /// A sink at `url`, which is `https` unless nothing leaves this machine.
    pub(crate) fn new(url: &SecretString) -> Result<Self, SinkError> {
        let address = Address::parse(url)?;
        let mut builder = Client::builder()
            .user_agent(concat!("registrywatcher/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .https_only(!address.is_loopback());
        if address.is_loopback() {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| SinkError::NoClient {
            problem: error.without_url().to_string(),
        })?;
        Ok(Self {
            client,
            address,
            limits: DeliveryLimits::default(),
        })
    }

    pub(crate) fn with_limits(self, limits: DeliveryLimits) -> Self {
        Self { limits, ..self }
    }

    /// The same sink, with one more part in the query of its address.
    pub(crate) fn with_query(self, name: &str, value: &str) -> Self {
        Self {
            address: self.address.with_query(name, value),
            ..self
        }
    }

    /// Posts a JSON body, and tries again where that may help.
    pub(crate) async fn post_json(&self, body: &Value) -> Result<(), NotifyError> {
        let headers = || vec![("content-type", "application/json".to_owned())];
        self.post(&body.to_string(), headers).await
    }

    /// Posts a body with the headers that `headers` makes for each attempt, and tries again where that may help.
    pub(crate) async fn post(
        &self,
        body: &str,
        headers: impl Fn() -> Headers + Send + Sync,
    ) -> Result<(), NotifyError> {
        let pauses = ExponentialBuilder::new()
            .with_min_delay(self.limits.pause)
            .with_max_times(self.limits.attempts.saturating_sub(1))
            .with_jitter();
        (|| self.attempt(body.to_owned(), headers()))
            .retry(pauses)
            .when(|setback| setback.may_pass)
            .adjust(|setback, pause| pause.map(|pause| setback.asked_pause().unwrap_or(pause)))
            .await
            .map_err(|setback| setback.error)
    }

    async fn attempt(&self, body: String, headers: Headers) -> Result<(), Setback> {
        let mut request = self.client.post(self.address.expose());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = request
            .timeout(self.limits.timeout)
            .body(body)
            .send()
            .await
            .map_err(|error| self.unanswered(&error))?;
        answer::judge(response, &self.address)
            .await
            .map_err(|error| self.weigh(error))
    }

    /// A refusal stands, and so does a wish to wait for longer than is done here.
    fn weigh(&self, error: NotifyError) -> Setback {
        let may_pass = match &error {
            NotifyError::Rejected { .. } => false,
            NotifyError::Unavailable { retry_after, .. } => {
                retry_after.is_none_or(|pause| pause <= self.limits.longest_pause)
            }
        };
        Setback { error, may_pass }
    }

    /// Only a connection that was never made is tried again: in all other cases the message may have arrived.
    fn unanswered(&self, error: &reqwest::Error) -> Setback {
        let problem = if error.is_timeout() {
            format!("it did not answer within {:?}", self.limits.timeout)
        } else if error.is_connect() {
            format!("it cannot be connected to: {}", self.cause(error))
        } else {
            format!("the connection broke: {}", self.cause(error))
        };
        Setback {
            error: NotifyError::Unavailable {
                problem,
                retry_after: None,
            },
            may_pass: error.is_connect() && !error.is_timeout(),
        }
    }

    /// The innermost cause of an error, unless it names the address.
    fn cause(&self, error: &reqwest::Error) -> String {
        let cause = innermost(error).to_string();
        if self.address.is_named_in(&cause) {
            return "its words name the address and are not shown".to_owned();
        }
        cause
    }
}

impl Setback {
    fn asked_pause(&self) -> Option<Duration> {
        match self.error {
            NotifyError::Unavailable { retry_after, .. } => retry_after,
            NotifyError::Rejected { .. } => None,
        }
    }
}
