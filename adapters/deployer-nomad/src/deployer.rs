use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::deployment::{DeploymentId, Running};
use registrywatcher::image::ImageReference;
use registrywatcher::ports::{
    Accepted, Apply, BuildError, Capabilities, Clock, DeployError, Deployer, DeployerContext,
    DeployerPlugin, Progress, Rollout,
};
use registrywatcher::watch::{Unit, Workload};
use semver::Version;
use serde_json::Value;

use crate::address::Address;
use crate::apply::Application;
use crate::client::{Client, Route};
use crate::error::ApiError;
use crate::follow::{Follower, is_decided};
use crate::handle::Handle;
use crate::job::{Job, Obstacle, Selection};
use crate::rollout::Expected;
use crate::settings::Settings;

/// Rolls out tasks of Nomad jobs.
pub struct NomadDeployer {
    client: Client,
    clock: Arc<dyn Clock>,
    namespace: String,
    wait: Duration,
    version: Mutex<Option<AskedVersion>>,
    /// What was told last of each rollout, so that only news ends a wait.
    told: Mutex<HashMap<DeploymentId, Progress>>,
}

/// Nomad's version, `None` where it could not be had, and when it was asked for.
#[derive(Debug, Clone)]
struct AskedVersion {
    version: Option<Version>,
    at: Duration,
}

/// A call returns within about a minute, and Nomad adds a sixteenth to what it is asked to wait.
const LONGEST_WAIT: Duration = Duration::from_secs(45);

/// How long an answer about Nomad's version holds: it may be upgraded.
const VERSION_HOLDS: Duration = Duration::from_secs(600);

impl std::fmt::Debug for NomadDeployer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NomadDeployer")
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

impl NomadDeployer {
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
        let now = self.clock.monotonic();
        let known = self
            .version
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(known) = known.filter(|known| now.saturating_sub(known.at) < VERSION_HOLDS) {
            return known.version;
        }
        let version = match self
            .client
            .read::<Value>(&Route::new(&address.namespace, &["agent", "self"]))
            .await
        {
            Ok(agent) => version_of(&agent.value),
            Err(error) => {
                tracing::debug!(
                    "nomad does not tell its version, a digest is pinned as current ones take it: {error}"
                );
                if !matches!(error, ApiError::Denied(_)) {
                    return None;
                }
                None
            }
        };
        let asked = AskedVersion {
            version: version.clone(),
            at: now,
        };
        *self.version.lock().unwrap_or_else(PoisonError::into_inner) = Some(asked);
        version
    }

    async fn read_job(&self, workload: &Workload, address: &Address) -> Result<Job, DeployError> {
        let route = Route::new(&address.namespace, &["job", &address.job]);
        Ok(self
            .client
            .read::<Job>(&route)
            .await
            .map_err(|error| error.about(workload))?
            .value)
    }

    fn note(&self, id: DeploymentId, progress: &Progress) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if is_decided(progress) {
            told.remove(&id);
        } else {
            told.insert(id, progress.clone());
        }
    }
}

/// `/v1/agent/self` has it as `config.Version.Version`, and in the tags of its gossip member.
fn version_of(agent: &Value) -> Option<Version> {
    [
        &agent["config"]["Version"]["Version"],
        &agent["member"]["Tags"]["build"],
    ]
    .iter()
    .find_map(|found| Version::parse(found.as_str()?.trim_start_matches('v')).ok())
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
        Ok(Accepted {
            handle: application.run(job).await?.write(),
        })
    }

    async fn follow(&self, rollout: &Rollout) -> Result<Progress, DeployError> {
        let apply = &rollout.apply;
        let address = self.address(&apply.workload)?;
        let handle = Handle::read(&rollout.handle).map_err(|problem| DeployError::Refused {
            workload: apply.workload.clone(),
            problem,
        })?;
        let selection = Selection {
            address: &address,
            repository: apply.source.repository(),
        };
        let follower = Follower {
            client: &self.client,
            clock: &*self.clock,
            expected: Expected {
                selection,
                id: apply.id,
                image: &apply.candidate.image,
                handle: &handle,
            },
            wait: self.wait,
        };
        let told = self
            .told
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&apply.id)
            .cloned();
        let progress =
            follower
                .follow(told.as_ref())
                .await
                .map_err(|error| DeployError::Unavailable {
                    // Not even a refusal decides a rollout: it goes on whether or not we may look.
                    workload: apply.workload.clone(),
                    problem: error.to_string(),
                    source: Some(error.into()),
                })?;
        self.note(apply.id, &progress);
        Ok(progress)
    }
}

#[async_trait]
impl DeployerPlugin for NomadDeployer {
    const KIND: &'static str = "nomad";

    type Settings = Settings;

    async fn build(settings: Settings, context: &DeployerContext) -> Result<Self, BuildError> {
        Ok(Self {
            clock: context.clock.clone(),
            namespace: settings
                .namespace
                .clone()
                .unwrap_or_else(|| "default".to_owned()),
            wait: settings.wait.min(LONGEST_WAIT),
            client: Client::build(settings)?,
            version: Mutex::default(),
            told: Mutex::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_version_is_read_from_either_place() {
        let version = |agent| version_of(&agent).map(|version| version.to_string());
        assert_eq!(
            version(json!({ "config": { "Version": { "Version": "1.9.5" } } })).as_deref(),
            Some("1.9.5")
        );
        assert_eq!(
            version(json!({ "member": { "Tags": { "build": "1.10.0+ent" } } })).as_deref(),
            Some("1.10.0+ent")
        );
        assert_eq!(version(json!({})), None);
    }
}
