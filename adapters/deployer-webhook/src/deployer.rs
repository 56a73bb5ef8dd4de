use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::deployment::{DeploymentId, Failure, Running};
use registrywatcher::ports::{
    Accepted, Apply, BuildError, Capabilities, Clock, DeployError, Deployer, DeployerContext,
    DeployerPlugin, Progress, Rollout,
};
use registrywatcher::watch::{Unit, Workload};
use url::Url;

use crate::answer::{self, Reception};
use crate::client::{Answer, Client};
use crate::error::{refused, unavailable};
use crate::follow::Follower;
use crate::handle::Handle;
use crate::pauses::Pauses;
use crate::settings::{Settings, same_origin};
use crate::{address, message, running};

/// Deploys by asking a receiver over HTTP; see the [crate's page](crate).
pub struct WebhookDeployer {
    client: Client,
    clock: Arc<dyn Clock>,
    receiver: Url,
    running_url: Option<Url>,
    reverts_itself: bool,
    deadline: Duration,
    poll: Duration,
    follow_wait: Duration,
    pauses: Pauses,
}

impl fmt::Debug for WebhookDeployer {
    /// Leaves the addresses out: they may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookDeployer")
            .field("sees_running", &self.running_url.is_some())
            .field("reverts_itself", &self.reverts_itself)
            .finish_non_exhaustive()
    }
}

impl WebhookDeployer {
    /// A deployer with these settings alone; asks nobody.
    ///
    /// A provider of cryptography must be installed before (`rustls::crypto::…::install_default`).
    pub fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, BuildError> {
        settings.check()?;
        let receiver = settings.receiver()?;
        Ok(Self {
            client: Client::build(settings, &receiver, clock.clone())?,
            running_url: settings.running_address(&receiver)?,
            receiver,
            reverts_itself: settings.reverts_itself,
            deadline: settings.deadline,
            poll: settings.poll,
            follow_wait: Duration::from_secs(25),
            pauses: Pauses::new(clock.clone()),
            clock,
        })
    }

    /// Lets `follow` wait this long for news, instead of 25 s.
    #[must_use]
    pub fn with_follow_wait(self, follow_wait: Duration) -> Self {
        Self {
            follow_wait,
            ..self
        }
    }

    /// Holds off where the receiver asked to be left alone.
    fn heed_pause(&self, url: &Url, workload: &Workload) -> Result<(), DeployError> {
        match self.pauses.of(url) {
            Some((left, said)) if !left.is_zero() => {
                let left = left.as_secs() + 1;
                let problem = format!("{said}; it asked to be left alone for another {left} s");
                Err(unavailable(workload, problem))
            }
            _ => Ok(()),
        }
    }

    /// Remembers that the receiver asks to be left alone.
    fn note_pause(&self, url: &Url, answer: &Answer) {
        if answer::is_passing(answer.status)
            && let Some(pause) = self.pauses.asked(&answer.headers)
        {
            self.pauses.note(url, pause, answer.words());
        }
    }

    /// How the rollout that was asked for is found again.
    fn taken(&self, answer: &Answer, workload: &Workload) -> Result<Handle, DeployError> {
        match answer::of_request(answer, &self.receiver) {
            Reception::Follow(url) => {
                if let Some(pause) = self.pauses.asked(&answer.headers) {
                    let said = "the receiver took it on".to_owned();
                    self.pauses.note(&url, pause, said);
                }
                Ok(Handle::StatusUrl(url.into()))
            }
            Reception::Ended(outcome) => Ok(outcome.into()),
            Reception::NotFound(problem) => Err(DeployError::WorkloadNotFound {
                workload: workload.clone(),
                problem,
            }),
            Reception::Refused(problem) => Err(refused(workload, problem)),
            Reception::Later(problem) => Err(unavailable(workload, problem)),
        }
    }

    async fn watch(&self, url: &str, rollout: &Rollout) -> Result<Progress, DeployError> {
        // The handle may be older than the settings.
        let url = match same_origin(&self.receiver, url) {
            Ok(url) => url,
            Err(problem) => {
                return Ok(Progress::Failed {
                    reason: Failure::Workload { message: problem },
                    restored: false,
                });
            }
        };
        let follower = Follower {
            client: &self.client,
            pauses: &self.pauses,
            id: rollout.apply.id,
            url: &url,
            poll: self.poll,
            wait: self.follow_wait,
        };
        // Not even what we cannot present decides a rollout: it goes on whether or not we may look.
        follower
            .follow()
            .await
            .map_err(|error| DeployError::Unavailable {
                workload: rollout.apply.workload.clone(),
                problem: error.to_string(),
                source: Some(error.into()),
            })
    }
}

#[async_trait]
impl Deployer for WebhookDeployer {
    fn capabilities(&self) -> Capabilities {
        let sees_running = self.running_url.is_some();
        Capabilities {
            reverts_itself: self.reverts_itself,
            canaries: false,
            pins_digest: true,
            sees_running,
            carries_mark: sees_running,
            discovers: false,
        }
    }

    fn unit(&self, workload: &Workload) -> Result<Unit, DeployError> {
        address::unit(workload)
    }

    async fn running(&self, workload: &Workload) -> Result<Option<Running>, DeployError> {
        address::unit(workload)?;
        let Some(base) = &self.running_url else {
            return Ok(None);
        };
        self.heed_pause(base, workload)?;
        let url = running::url(base, &workload.address);
        let id = format!("running-{}", self.clock.now().timestamp_micros());
        let answer = self.client.get(&url, &id).await;
        let answer = answer.map_err(|error| error.about(workload))?;
        self.note_pause(base, &answer);
        running::read(&answer, workload)
    }

    async fn apply(&self, apply: &Apply) -> Result<Accepted, DeployError> {
        let workload = &apply.workload;
        address::unit(workload)?;
        self.heed_pause(&self.receiver, workload)?;
        let body = message::write(apply)
            .map_err(|error| refused(workload, format!("it cannot be written: {error}")))?;
        tracing::debug!(deployment.id = %apply.id, %workload, "asking the receiver");
        let id: DeploymentId = apply.id;
        let answer = self
            .client
            .post(&self.receiver, &id.to_string(), &body)
            .await;
        let answer = answer.map_err(|error| error.about(workload))?;
        self.note_pause(&self.receiver, &answer);
        Ok(Accepted {
            handle: self.taken(&answer, workload)?.write(),
            allows: Some(self.deadline),
        })
    }

    async fn follow(&self, rollout: &Rollout) -> Result<Progress, DeployError> {
        let handle = Handle::read(&rollout.handle)
            .map_err(|problem| refused(&rollout.apply.workload, problem))?;
        match handle {
            Handle::StatusUrl(url) => self.watch(&url, rollout).await,
            Handle::Succeeded => Ok(Progress::Succeeded),
            Handle::Superseded => Ok(Progress::Superseded),
            Handle::Failed { reason, restored } => Ok(Progress::Failed { reason, restored }),
        }
    }
}

#[async_trait]
impl DeployerPlugin for WebhookDeployer {
    const KIND: &'static str = "webhook";

    type Settings = Settings;

    async fn build(settings: Settings, context: &DeployerContext) -> Result<Self, BuildError> {
        Self::new(&settings, context.clock.clone())
    }
}
