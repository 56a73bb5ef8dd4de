use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::deployment::Running;
use registrywatcher::ports::{
    Accepted, Apply, BuildError, Capabilities, Clock, Credentials, DeployError, Deployer,
    DeployerContext, DeployerPlugin, DiscoverError, Discovered, Progress, Rollout,
};
use registrywatcher::watch::{DeployerName, Unit, Workload};
use registrywatcher_docker_engine::{ApiError, Settings};

use crate::address;
use crate::apply::Application;
use crate::discovery;
use crate::engine::Engine;
use crate::follow::Follower;
use crate::handle::Handle;
use crate::rollout::Expected;
use crate::running;

/// Updates services of a swarm; see the [crate's page](crate).
pub struct SwarmDeployer {
    name: DeployerName,
    engine: Engine,
    credentials: Arc<dyn Credentials>,
    clock: Arc<dyn Clock>,
    follow_wait: Duration,
}

impl std::fmt::Debug for SwarmDeployer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SwarmDeployer")
            .field("engine", &self.engine)
            .finish_non_exhaustive()
    }
}

impl SwarmDeployer {
    /// A deployer with these settings; asks nobody.
    pub fn new(settings: Settings, context: &DeployerContext) -> Result<Self, BuildError> {
        let settings = settings.with_environment(|name| (context.environment)(name));
        Ok(Self {
            name: context.name.clone(),
            engine: Engine::build(&settings)?,
            credentials: Arc::clone(&context.credentials),
            clock: Arc::clone(&context.clock),
            follow_wait: Duration::from_secs(30),
        })
    }

    /// Lets `follow` wait this long for a decision, instead of 30 s.
    #[must_use]
    pub fn with_follow_wait(self, follow_wait: Duration) -> Self {
        Self {
            follow_wait,
            ..self
        }
    }
}

#[async_trait]
impl Deployer for SwarmDeployer {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reverts_itself: true,
            canaries: false,
            pins_digest: true,
            sees_running: true,
            carries_mark: true,
            discovers: true,
        }
    }

    fn unit(&self, workload: &Workload) -> Result<Unit, DeployError> {
        let name = address::service(workload)?;
        Ok(Unit::new(&workload.deployer, name))
    }

    async fn running(&self, workload: &Workload) -> Result<Option<Running>, DeployError> {
        let name = address::service(workload)?;
        let found = self.engine.service(name).await;
        let sight = found
            .map_err(|error| error.about(workload))?
            .ok_or_else(|| DeployError::WorkloadNotFound {
                workload: workload.clone(),
                problem: format!("there is no service `{name}`"),
            })?;
        Ok(running::of(sight.service.spec()))
    }

    async fn apply(&self, apply: &Apply) -> Result<Accepted, DeployError> {
        let application = Application {
            engine: &self.engine,
            credentials: &*self.credentials,
            apply,
            name: address::service(&apply.workload)?,
        };
        application.run().await
    }

    async fn follow(&self, rollout: &Rollout) -> Result<Progress, DeployError> {
        let apply = &rollout.apply;
        let workload = &apply.workload;
        let name = address::service(workload)?;
        let handle = Handle::read(&rollout.handle).map_err(|problem| DeployError::Refused {
            workload: workload.clone(),
            problem,
        })?;
        if let Some(reason) = handle.obstacle {
            return Ok(Progress::Failed {
                reason,
                restored: true,
            });
        }
        let follower = Follower {
            engine: &self.engine,
            clock: &*self.clock,
            name,
            expected: Expected {
                apply,
                handle: &handle,
            },
            wait: self.follow_wait,
        };
        let progress = follower.follow().await;
        progress.map_err(|error| error.about(workload))
    }

    async fn discover(&self) -> Result<Vec<Discovered>, DiscoverError> {
        let found = discovery::services(&self.engine, &self.name).await;
        found.map_err(ApiError::of_discovery)
    }
}

#[async_trait]
impl DeployerPlugin for SwarmDeployer {
    const KIND: &'static str = "swarm";

    type Settings = Settings;

    async fn build(settings: Settings, context: &DeployerContext) -> Result<Self, BuildError> {
        Self::new(settings, context)
    }
}
