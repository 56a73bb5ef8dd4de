use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use registrywatcher::image::RegistryHost;
use registrywatcher::ports::{Clock, Credentials};
use reqwest::Method;
use tokio::sync::Semaphore;
use url::Url;

use crate::answer::Answer;
use crate::auth::{Authenticator, Pass};
use crate::credential::Presented;
use crate::fault::Fault;
use crate::limits::{Limits, Quota, backoff};
use crate::listing::Listings;
use crate::settings::RegistrySettings;
use crate::transport::{Request, Transport};

/// One registry: how it is reached, and what is remembered of it.
pub(crate) struct Host {
    pub(crate) registry: RegistryHost,
    pub(crate) settings: RegistrySettings,
    pub(crate) listings: Listings,
    /// The registry knows no `HEAD` of manifests.
    pub(crate) lacks_head: AtomicBool,
    /// Up to and including `/v2/`.
    api: Url,
    transport: Transport,
    permits: Semaphore,
    auth: Authenticator,
    credentials: Arc<dyn Credentials>,
}

/// A request for something of one repository.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    pub(crate) repository: &'a str,
    pub(crate) request: Request,
}

/// How often a request is repeated that failed in a way that may pass.
const RETRIES: u32 = 2;

/// The first and the longest pause before a repetition: together they stay far below the interval of any poll.
const PAUSE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(2));

impl Host {
    pub(crate) fn new(
        registry: RegistryHost,
        settings: RegistrySettings,
        api: Url,
        client: reqwest::Client,
        credentials: Arc<dyn Credentials>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            listings: Listings::default(),
            lacks_head: AtomicBool::new(false),
            transport: Transport {
                client,
                timeout: settings.timeout,
                limits: Limits::new(registry.clone(), Arc::clone(&clock)),
            },
            permits: Semaphore::new(settings.concurrency.clamp(1, Semaphore::MAX_PERMITS)),
            auth: Authenticator::new(api.clone(), clock),
            api,
            registry,
            settings,
            credentials,
        }
    }

    /// The address of something of `repository`, such as `tags/list`.
    pub(crate) fn url(&self, repository: &str, what: &str) -> Result<Url, Fault> {
        // Joined, so that the host is not parsed anew for each request.
        let path = format!("{repository}/{what}");
        self.api
            .join(&path)
            .map_err(|error| Fault::Invalid(format!("`{}{path}` is no address: {error}", self.api)))
    }

    /// Reads something, with credentials where they are wanted, and again where a failure may pass.
    pub(crate) async fn ask(&self, question: &Question<'_>) -> Result<Answer, Fault> {
        let mut attempt = 0;
        loop {
            match self.attempt(question).await {
                Err(fault) if fault.may_pass() && attempt < RETRIES => {
                    tracing::debug!(registry = %self.registry, ?fault, "a request is repeated");
                    tokio::time::sleep(backoff(PAUSE.0, PAUSE.1, 2 * attempt)).await;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    pub(crate) fn quotas(&self) -> Vec<Quota> {
        self.transport.limits.quotas()
    }

    /// One attempt, under one permit: a token that it needs first is asked for under the same.
    async fn attempt(&self, question: &Question<'_>) -> Result<Answer, Fault> {
        let permit = self.permits.acquire().await;
        let _permit = permit.map_err(|_| Fault::unavailable("the client is shutting down"))?;
        let presented = Presented::new(self.credentials.credential(&self.registry).await?);
        self.transport.limits.check(presented.id)?;
        let answer = self.authorized(question, &presented).await?;
        self.transport.limits.answered(&presented, &answer.headers);
        // The connection goes back to its pool in a task of its own: whoever gets the permit next finds it
        // there, unless another thread is quicker, and opens no other one.
        tokio::task::yield_now().await;
        Ok(answer)
    }

    async fn authorized(
        &self,
        question: &Question<'_>,
        presented: &Presented,
    ) -> Result<Answer, Fault> {
        let pass = self
            .auth
            .pass(&self.transport, presented, question.repository)
            .await?;
        let answer = self
            .transport
            .send(&question.request, presented.id, pass.header())
            .await?;
        if !pass.is_refused_by(&answer) {
            self.note_success(presented, &pass, &answer);
            return Ok(answer);
        }
        self.auth
            .reconsider(&self.transport, presented, &pass, &answer)
            .await?;
        let pass = self
            .auth
            .pass(&self.transport, presented, question.repository)
            .await?;
        let answer = self
            .transport
            .send(&question.request, presented.id, pass.header())
            .await?;
        if pass.is_refused_by(&answer) {
            return Err(self.auth.give_up(presented, &pass, &answer).await);
        }
        self.note_success(presented, &pass, &answer);
        Ok(answer)
    }

    fn note_success(&self, presented: &Presented, pass: &Pass, answer: &Answer) {
        if answer.status.is_success() && matches!(pass, Pass::Plain(_)) {
            self.auth.standings.accept(presented.id);
        }
    }
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host")
            .field("registry", &self.registry)
            .finish_non_exhaustive()
    }
}

impl<'a> Question<'a> {
    pub(crate) fn get(repository: &'a str, url: Url, accept: &'static str, limit: usize) -> Self {
        Self {
            repository,
            request: Request {
                method: Method::GET,
                url,
                accept,
                limit,
            },
        }
    }
}
