//! Sending a message to a webhook.

mod answer;

use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use registrywatcher::ports::NotifyError;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};

/// Why a sink cannot be used as it is configured; never shows its address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    /// The address is no URL with a host.
    #[error("the address of a webhook is an absolute URL, such as `https://hooks.slack.com/…`")]
    NotAUrl,
    /// The address would be sent in the clear.
    #[error("the address of a webhook is a secret: use `https`, not `{scheme}`")]
    Insecure {
        /// What was given instead of `https`.
        scheme: String,
    },
    /// No HTTP client can be made on this machine.
    #[error("an HTTP client cannot be made: {problem}")]
    NoClient {
        /// What is missing.
        problem: String,
    },
}

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
    url: SecretString,
    limits: DeliveryLimits,
}

/// An attempt that failed, and whether the next one may do better.
#[derive(Debug)]
struct Setback {
    error: NotifyError,
    may_pass: bool,
}

impl Sink {
    pub(crate) fn new(url: SecretString) -> Result<Self, SinkError> {
        let address: Url = url
            .expose_secret()
            .parse()
            .map_err(|_| SinkError::NotAUrl)?;
        let host = address.host_str().ok_or(SinkError::NotAUrl)?;
        let is_loopback = is_loopback(host);
        if address.scheme() != "https" && !(address.scheme() == "http" && is_loopback) {
            return Err(SinkError::Insecure {
                scheme: address.scheme().to_owned(),
            });
        }
        let mut builder = Client::builder()
            .user_agent(concat!("registrywatcher/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .https_only(!is_loopback);
        if is_loopback {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| SinkError::NoClient {
            problem: error.without_url().to_string(),
        })?;
        Ok(Self {
            client,
            url,
            limits: DeliveryLimits::default(),
        })
    }

    pub(crate) fn with_limits(self, limits: DeliveryLimits) -> Self {
        Self { limits, ..self }
    }

    /// Posts a JSON body, and tries again where that may help.
    pub(crate) async fn post_json(&self, body: String) -> Result<(), NotifyError> {
        let pauses = ExponentialBuilder::new()
            .with_min_delay(self.limits.pause)
            .with_max_times(self.limits.attempts.saturating_sub(1))
            .with_jitter();
        (|| self.attempt(body.clone()))
            .retry(pauses)
            .when(|setback| setback.may_pass)
            .adjust(|setback, pause| pause.map(|pause| setback.asked_pause().unwrap_or(pause)))
            .await
            .map_err(|setback| setback.error)
    }

    async fn attempt(&self, body: String) -> Result<(), Setback> {
        let response = self
            .client
            .post(self.url.expose_secret())
            .header(CONTENT_TYPE, "application/json")
            .timeout(self.limits.timeout)
            .body(body)
            .send()
            .await
            .map_err(|error| self.unanswered(&error))?;
        answer::judge(response)
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
        let mut innermost: &dyn Error = error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        let cause = innermost.to_string();
        let address = self.url.expose_secret();
        let is_part = |word: &str| word.len() > 3 && address.contains(word);
        if cause
            .split(|c: char| c.is_whitespace() || matches!(c, '"' | '`' | '('))
            .any(is_part)
        {
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

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost"
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
