use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::deployment::{DeploymentId, Failure, Running};
use registrywatcher::ports::{
    Accepted, Apply, BuildError, Capabilities, Credentials, DeployError, Deployer, DeployerContext,
    DeployerPlugin, DiscoverError, Discovered, Progress, Rollout,
};
use registrywatcher::watch::{DeployerName, Unit, Workload};
use registrywatcher_docker_engine::ApiError;

use crate::address;
use crate::container::Container;
use crate::discovery;
use crate::drive::Drive;
use crate::engine::Engine;
use crate::handle::Handle;
use crate::obstacle;
use crate::ourselves::Ourselves;
use crate::running;
use crate::runs::{News, Runs};
use crate::scene::{Incumbent, Made};
use crate::settings::Settings;
use crate::verdict::Trial;

/// Recreates containers with new images; see the [crate's page](crate).
pub struct DockerDeployer {
    name: DeployerName,
    engine: Arc<Engine>,
    credentials: Arc<dyn Credentials>,
    trial: Trial,
    ourselves: Ourselves,
    runs: Mutex<Runs>,
    follow_wait: Duration,
    allows: Duration,
}

impl std::fmt::Debug for DockerDeployer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DockerDeployer")
            .field("engine", &self.engine)
            .finish_non_exhaustive()
    }
}

impl DockerDeployer {
    /// A deployer with these settings; asks nobody.
    pub fn new(settings: Settings, context: &DeployerContext) -> Result<Self, BuildError> {
        let settings = settings.with_environment(|name| (context.environment)(name));
        Ok(Self {
            name: context.name.clone(),
            engine: Arc::new(Engine::build(&settings)?),
            credentials: Arc::clone(&context.credentials),
            trial: Trial {
                settle_time: settings.settle_time,
                health_grace: settings.health_grace,
            },
            ourselves: Ourselves::look(&context.environment),
            runs: Mutex::default(),
            follow_wait: Duration::from_secs(30),
            allows: settings.pull_timeout + settings.health_grace,
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

    /// What is to be replaced, once nothing stands in the way.
    async fn handle(&self, name: &str, apply: &Apply) -> Result<Handle, DeployError> {
        let workload = &apply.workload;
        let about = |error: ApiError| error.about(workload);
        if let Some(made) = Made::by(&self.engine, name, apply.id)
            .await
            .map_err(about)?
        {
            return Ok(made.handle());
        }
        let found = Incumbent::find(&self.engine, name).await.map_err(about)?;
        let incumbent = found.ok_or_else(|| not_found(workload, name))?;
        let container = &incumbent.container;
        let handle = Handle {
            replaces: container.id().to_owned(),
            restart_policy: incumbent.restart_policy,
            unchanged: false,
        };
        if incumbent.waits {
            return Ok(handle);
        }
        let refused = |problem: String| DeployError::Refused {
            workload: workload.clone(),
            problem,
        };
        let repository = apply.source.repository();
        if let Some(obstacle) = obstacle::of(container, repository, &self.ourselves) {
            return Err(refused(obstacle));
        }
        let unchanged =
            !apply.forced && self.runs_already(container, apply).await.map_err(about)?;
        if !unchanged {
            let others = self.engine.containers(&[]).await.map_err(about)?;
            if let Some(obstacle) = obstacle::dependent(container, &others) {
                return Err(refused(obstacle));
            }
        }
        Ok(Handle {
            unchanged,
            ..handle
        })
    }

    async fn runs_already(&self, container: &Container, apply: &Apply) -> Result<bool, ApiError> {
        let Some(image) = self.engine.image(container.image_id()).await? else {
            return Ok(false);
        };
        let digests = image.digests(apply.source.repository());
        Ok(container.is_up() && digests.contains(&apply.candidate.image.digest))
    }

    async fn unchanged(&self, name: &str, handle: &Handle) -> Result<Progress, ApiError> {
        let container = self.engine.container(name).await?;
        Ok(match container {
            Some(container) if container.id() != handle.replaces => Progress::Superseded,
            Some(container) if container.is_up() => Progress::Succeeded,
            _ => Progress::Failed {
                reason: Failure::Workload {
                    message: "it ran the image already, and has stopped since".to_owned(),
                },
                restored: false,
            },
        })
    }
}

#[async_trait]
impl Deployer for DockerDeployer {
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
        let name = address::container(workload)?;
        Ok(Unit::new(&workload.deployer, name))
    }

    async fn running(&self, workload: &Workload) -> Result<Option<Running>, DeployError> {
        let name = address::container(workload)?;
        let about = |error: ApiError| error.about(workload);
        let named = self.engine.container(name).await.map_err(about)?;
        let container = match named.filter(|container| container.name() == name) {
            Some(container) => container,
            // Where a deployment was interrupted between two names.
            None => {
                Incumbent::find(&self.engine, name)
                    .await
                    .map_err(about)?
                    .ok_or_else(|| not_found(workload, name))?
                    .container
            }
        };
        let image = self.engine.image(container.image_id()).await;
        Ok(running::of(&container, image.map_err(about)?.as_ref()))
    }

    /// Finds what would be replaced, and changes nothing yet: that is [`Self::follow`]'s, which is called for as long as the
    /// deployment is wanted.
    async fn apply(&self, apply: &Apply) -> Result<Accepted, DeployError> {
        let name = address::container(&apply.workload)?;
        Ok(Accepted {
            handle: self.handle(name, apply).await?.write(),
            allows: Some(self.allows),
        })
    }

    /// Stops where the workload runs, old or new; whoever follows the deployment next goes on from there.
    async fn let_go(&self, id: DeploymentId) {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.stop(id);
    }

    async fn follow(&self, rollout: &Rollout) -> Result<Progress, DeployError> {
        let workload = &rollout.apply.workload;
        let name = address::container(workload)?;
        let unit = self.unit(workload)?;
        let handle = Handle::read(&rollout.handle).map_err(|problem| DeployError::Refused {
            workload: workload.clone(),
            problem,
        })?;
        let unavailable = |problem: String| DeployError::Unavailable {
            workload: workload.clone(),
            problem,
            source: None,
        };
        if handle.unchanged {
            let progress = self.unchanged(name, &handle).await;
            return progress.map_err(|error| unavailable(error.to_string()));
        }
        let mut news = self.join(name, unit, &rollout.apply, handle);
        let decided = tokio::time::timeout(self.follow_wait, news.wait_for(News::is_over)).await;
        match decided.map(|news| news.map(|news| news.clone())) {
            Ok(Ok(News::Ended(progress))) => Ok(progress),
            Ok(Ok(News::Lost(problem))) => Err(unavailable(problem)),
            Ok(Err(_)) => Err(unavailable("its run was given up".to_owned())),
            Ok(Ok(News::Working(detail))) => Ok(Progress::Rolling { detail }),
            Err(_) => Ok(match news.borrow().clone() {
                News::Ended(progress) => progress,
                News::Working(detail) | News::Lost(detail) => Progress::Rolling { detail },
            }),
        }
    }

    async fn discover(&self) -> Result<Vec<Discovered>, DiscoverError> {
        let found = discovery::containers(&self.engine, &self.name).await;
        found.map_err(ApiError::of_discovery)
    }
}

impl DockerDeployer {
    fn join(
        &self,
        name: &str,
        unit: Unit,
        apply: &Apply,
        handle: Handle,
    ) -> tokio::sync::watch::Receiver<News> {
        let (engine, credentials) = (Arc::clone(&self.engine), Arc::clone(&self.credentials));
        let (trial, name, apply) = (self.trial, name.to_owned(), apply.clone());
        let id = apply.id;
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.join(id, unit, move |line| {
            let drive = Drive {
                engine,
                credentials,
                trial,
                apply,
                name,
                handle,
                line,
                failure: Mutex::default(),
            };
            drive.run()
        })
    }
}

fn not_found(workload: &Workload, name: &str) -> DeployError {
    DeployError::WorkloadNotFound {
        workload: workload.clone(),
        problem: format!("there is no container `{name}`"),
    }
}

#[async_trait]
impl DeployerPlugin for DockerDeployer {
    const KIND: &'static str = "docker";

    type Settings = Settings;

    async fn build(settings: Settings, context: &DeployerContext) -> Result<Self, BuildError> {
        Self::new(settings, context)
    }
}
