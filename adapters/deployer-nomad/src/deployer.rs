use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::deployment::{DeploymentId, Running};
use registrywatcher::image::ImageReference;
use registrywatcher::ports::{
    Accepted, Apply, BuildError, Capabilities, Clock, DeployError, Deployer, DeployerContext,
    DeployerPlugin, DiscoverError, Discovered, Progress, Rollout,
};
use registrywatcher::watch::{DeployerName, Unit, Workload};
use semver::Version;

use crate::address::Address;
use crate::apply::Application;
use crate::client::Client;
use crate::discover::{Finder, KnownJobs};
use crate::error::ApiError;
use crate::follow::Follower;
use crate::handle::Handle;
use crate::job::{Job, Obstacle, Selection};
use crate::promote::Canaries;
use crate::rollout::Expected;
use crate::settings::Settings;
use crate::version::KnownVersion;

/// Rolls out tasks of Nomad jobs.
pub struct NomadDeployer {
    name: DeployerName,
    client: Client,
    clock: Arc<dyn Clock>,
    /// The namespace of addresses that name none.
    namespace: String,
    /// The one in which workloads are discovered, or `*`.
    searched: String,
    wait: Duration,
    version: KnownVersion,
    jobs: KnownJobs,
    /// What was told last of the rollout of each unit, so that only news ends a wait.
    told: Mutex<HashMap<Unit, (DeploymentId, Progress)>>,
}

/// A call returns within about a minute, and Nomad adds a sixteenth to what it is asked to wait.
const LONGEST_WAIT: Duration = Duration::from_secs(45);

impl std::fmt::Debug for NomadDeployer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NomadDeployer")
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

impl NomadDeployer {
    /// A deployer of that name with these settings alone; asks nobody.
    pub fn new(
        name: DeployerName,
        settings: Settings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BuildError> {
        let namespace = |default: &str| settings.namespace.clone().unwrap_or(default.to_owned());
        Ok(Self {
            name,
            clock,
            namespace: namespace("default"),
            searched: namespace("*"),
            wait: settings.wait.min(LONGEST_WAIT),
            client: Client::build(settings)?,
            version: KnownVersion::default(),
            jobs: KnownJobs::default(),
            told: Mutex::default(),
        })
    }

    fn address(&self, workload: &Workload) -> Result<Address, DeployError> {
        Address::read(workload, &self.namespace)
    }

    /// Nomad's version, if what is in `job` (or is about to be) depends on it.
    async fn version_for(
        &self,
        job: &Job,
        address: &Address,
        source: Option<&ImageReference>,
    ) -> Option<Version> {
        if !job.depends_on_version(address, source) {
            return None;
        }
        self.version
            .get(&self.client, &address.namespace, self.clock.monotonic())
            .await
    }

    async fn read_job(&self, workload: &Workload, address: &Address) -> Result<Job, DeployError> {
        self.client
            .job(address)
            .await
            .map_err(|error| error.about(workload))
    }

    fn follower<'a>(
        &'a self,
        rollout: &'a Rollout,
        address: &'a Address,
        handle: &'a Handle,
    ) -> Follower<'a> {
        let apply = &rollout.apply;
        Follower {
            client: &self.client,
            clock: &*self.clock,
            expected: Expected {
                selection: Selection {
                    address,
                    repository: apply.source.repository(),
                },
                id: apply.id,
                image: &apply.candidate.image,
                handle,
            },
            wait: self.wait,
        }
    }

    fn told(&self, unit: &Unit, id: DeploymentId) -> Option<Progress> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.get(unit)
            .filter(|(of, _)| *of == id)
            .map(|(_, progress)| progress.clone())
    }

    fn note(&self, unit: Unit, id: DeploymentId, progress: Progress) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.insert(unit, (id, progress));
    }
}

#[async_trait]
impl Deployer for NomadDeployer {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reverts_itself: true,
            canaries: true,
            pins_digest: true,
            sees_running: true,
            carries_mark: true,
            discovers: true,
        }
    }

    fn unit(&self, workload: &Workload) -> Result<Unit, DeployError> {
        let address = self.address(workload)?;
        Ok(Unit::new(
            &workload.deployer,
            &format!("{}/{}", address.namespace, address.job),
        ))
    }

    async fn running(&self, workload: &Workload) -> Result<Option<Running>, DeployError> {
        let address = self.address(workload)?;
        let job = self.read_job(workload, &address).await?;
        let nomad = self.version_for(&job, &address, None).await;
        let workload = workload.clone();
        job.running(&address, nomad.as_ref())
            .map_err(|obstacle| match obstacle {
                Obstacle::Missing(problem) => DeployError::WorkloadNotFound { workload, problem },
                Obstacle::Refused(problem) => DeployError::Refused { workload, problem },
            })
    }

    async fn apply(&self, apply: &Apply) -> Result<Accepted, DeployError> {
        let address = self.address(&apply.workload)?;
        let job = self.read_job(&apply.workload, &address).await?;
        let nomad = self.version_for(&job, &address, Some(&apply.source)).await;
        let application = Application {
            client: &self.client,
            address: &address,
            apply,
            nomad: nomad.as_ref(),
        };
        let allows = job.progress_deadline();
        Ok(Accepted {
            handle: application.run(job).await?.write(),
            allows,
        })
    }

    async fn follow(&self, rollout: &Rollout) -> Result<Progress, DeployError> {
        let apply = &rollout.apply;
        let address = self.address(&apply.workload)?;
        let unit = self.unit(&apply.workload)?;
        let handle = handle_of(rollout)?;
        let follower = self.follower(rollout, &address, &handle);
        let told = self.told(&unit, apply.id);
        // Not even a refusal decides a rollout: it goes on whether or not we may look.
        let unavailable = |error: ApiError| DeployError::Unavailable {
            workload: apply.workload.clone(),
            problem: error.to_string(),
            source: Some(error.into()),
        };
        let progress = follower.follow(told.as_ref()).await.map_err(unavailable)?;
        self.note(unit, apply.id, progress.clone());
        Ok(progress)
    }

    async fn discover(&self) -> Result<Vec<Discovered>, DiscoverError> {
        let finder = Finder {
            client: &self.client,
            deployer: &self.name,
            searched: &self.searched,
            namespace: &self.namespace,
        };
        finder.find(&self.jobs).await
    }

    async fn promote(&self, rollout: &Rollout) -> Result<(), DeployError> {
        let workload = &rollout.apply.workload;
        let address = self.address(workload)?;
        let handle = handle_of(rollout)?;
        let follower = self.follower(rollout, &address, &handle);
        let canaries = follower.canaries().await;
        match canaries.map_err(|error| error.about(workload))? {
            Canaries::Await { deployment } => {
                let promoted = self.client.promote(&handle.namespace, &deployment).await;
                match promoted {
                    Ok(()) => Ok(()),
                    // Somebody else may have been faster, which Nomad refuses in words of its own.
                    Err(error) => match follower.canaries().await {
                        Ok(Canaries::Promoted) => Ok(()),
                        _ => Err(error.about(workload)),
                    },
                }
            }
            Canaries::Promoted => Ok(()),
            Canaries::Nothing(problem) => Err(DeployError::Refused {
                workload: workload.clone(),
                problem: problem.to_owned(),
            }),
        }
    }
}

fn handle_of(rollout: &Rollout) -> Result<Handle, DeployError> {
    Handle::read(&rollout.handle).map_err(|problem| DeployError::Refused {
        workload: rollout.apply.workload.clone(),
        problem,
    })
}

#[async_trait]
impl DeployerPlugin for NomadDeployer {
    const KIND: &'static str = "nomad";

    type Settings = Settings;

    /// Fills what `settings` leaves out from the environment, as Nomad's own command line does.
    async fn build(settings: Settings, context: &DeployerContext) -> Result<Self, BuildError> {
        let settings = settings.with_environment(|name| (context.environment)(name));
        Self::new(context.name.clone(), settings, context.clock.clone())
    }
}
