use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::deployment::{DeploymentId, Running};
use registrywatcher::ports::{
    Accepted, Apply, BuildError, Capabilities, Clock, DeployError, Deployer, DeployerContext,
    DeployerPlugin, DiscoverError, Discovered, Environment, Progress, Rollout,
};
use registrywatcher::watch::{DeployerName, Unit, Workload};

use crate::access;
use crate::address::{Address, is_label};
use crate::apply::Application;
use crate::client::Client;
use crate::discover::Finder;
use crate::error::ApiError;
use crate::follow::Follower;
use crate::handle::Handle;
use crate::object::Object;
use crate::rollout::Expected;
use crate::settings::Settings;

/// Rolls out containers of deployments, stateful sets, daemon sets and cron jobs.
pub struct KubernetesDeployer {
    name: DeployerName,
    client: Client,
    clock: Arc<dyn Clock>,
    namespace: String,
    settings: Settings,
    /// What was told last of the rollout of each unit, so that only news ends a wait.
    told: Mutex<HashMap<Unit, (DeploymentId, Progress)>>,
}

/// A call returns within about a minute, and one look may take three attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(45);

impl std::fmt::Debug for KubernetesDeployer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KubernetesDeployer")
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

impl KubernetesDeployer {
    /// A deployer of that name with these settings, for the cluster that they or the `environment` name; asks nobody.
    pub fn new(
        name: DeployerName,
        settings: Settings,
        environment: &Environment,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BuildError> {
        let config = access::load(&settings, |name| environment(name))?;
        let namespace = settings
            .namespace
            .clone()
            .unwrap_or_else(|| config.default_namespace.trim().to_owned());
        if !is_label(&namespace) {
            return Err(BuildError {
                setting: "namespace".to_owned(),
                problem: format!("`{namespace}` is no namespace"),
            });
        }
        Ok(Self {
            name,
            client: Client::new(config, settings.timeout),
            clock,
            namespace,
            settings,
            told: Mutex::default(),
        })
    }

    fn address(&self, workload: &Workload) -> Result<Address, DeployError> {
        Address::read(workload, &self.namespace)
    }

    async fn read(&self, workload: &Workload, address: &Address) -> Result<Object, DeployError> {
        self.client
            .object(address)
            .await
            .map_err(|error| error.about(workload))
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
impl Deployer for KubernetesDeployer {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reverts_itself: false,
            canaries: false,
            pins_digest: true,
            sees_running: true,
            carries_mark: true,
            discovers: true,
        }
    }

    fn unit(&self, workload: &Workload) -> Result<Unit, DeployError> {
        let address = self.address(workload)?;
        Ok(Unit::new(&workload.deployer, &address.unit()))
    }

    async fn running(&self, workload: &Workload) -> Result<Option<Running>, DeployError> {
        let address = self.address(workload)?;
        let object = self.read(workload, &address).await?;
        object
            .container(address.container.as_deref())
            .and_then(|container| object.running(container))
            .map_err(|obstacle| obstacle.about(workload))
    }

    async fn apply(&self, apply: &Apply) -> Result<Accepted, DeployError> {
        let address = self.address(&apply.workload)?;
        let object = self.read(&apply.workload, &address).await?;
        let allows = object.progress_deadline();
        let application = Application {
            client: &self.client,
            address: &address,
            apply,
            managed: self.settings.managed,
        };
        Ok(Accepted {
            handle: application.run(object).await?.write(),
            allows,
        })
    }

    async fn follow(&self, rollout: &Rollout) -> Result<Progress, DeployError> {
        let apply = &rollout.apply;
        let workload = || apply.workload.clone();
        let address = self.address(&apply.workload)?;
        let unit = self.unit(&apply.workload)?;
        let handle = Handle::read(&rollout.handle).map_err(|problem| DeployError::Refused {
            workload: workload(),
            problem,
        })?;
        let previous = apply.previous.as_ref();
        let follower = Follower {
            client: &self.client,
            clock: &*self.clock,
            address: &address,
            expected: Expected {
                id: apply.id,
                image: &apply.candidate.image,
                previous: previous.and_then(|previous| previous.digest.as_ref()),
                handle: &handle,
                grace: self.settings.grace,
            },
            deletes_stuck_pods: self.settings.delete_stuck_pods,
            wait: self.settings.wait.min(LONGEST_WAIT),
        };
        let told = self.told(&unit, apply.id);
        // Not even a refusal decides a rollout: it goes on whether or not we may look.
        let unavailable = |error: ApiError| DeployError::Unavailable {
            workload: workload(),
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
            searched: self.settings.namespace.as_deref(),
            namespace: &self.namespace,
        };
        finder.find().await
    }
}

#[async_trait]
impl DeployerPlugin for KubernetesDeployer {
    const KIND: &'static str = "kubernetes";

    type Settings = Settings;

    async fn build(settings: Settings, context: &DeployerContext) -> Result<Self, BuildError> {
        let (name, clock) = (context.name.clone(), context.clock.clone());
        Self::new(name, settings, &context.environment, clock)
    }
}
