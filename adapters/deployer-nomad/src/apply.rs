use std::time::Duration;

use registrywatcher::ports::{Apply, DeployError};
use secrecy::ExposeSecret;
use semver::Version;
use serde_json::{Value, json};

use crate::address::Address;
use crate::client::{Client, Registered, Route};
use crate::error::ApiError;
use crate::handle::Handle;
use crate::job::{Job, Obstacle, Selection, Task, Wanted};
use crate::wire::Versions;

/// How often a registration is tried against other writers and lost leaders.
const ATTEMPTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Registers one image with one job.
pub(crate) struct Application<'a> {
    pub(crate) client: &'a Client,
    pub(crate) address: &'a Address,
    pub(crate) apply: &'a Apply,
    pub(crate) nomad: Option<&'a Version>,
}

impl Application<'_> {
    /// Edits `job` and registers it, until Nomad has a version of it with our mark. Each attempt begins by looking
    /// for the mark, because an answer that was lost may have been a yes.
    pub(crate) async fn run(&self, mut job: Job) -> Result<Handle, DeployError> {
        let mut decided_on = None;
        let mut problem = String::new();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(FIRST_PAUSE * 2_u32.pow(attempt - 1)).await;
                let read = self.client.job(self.address).await;
                job = read.map_err(|error| error.about(&self.apply.workload))?;
            }
            if let Some(handle) = self.already_done(&job).await? {
                return Ok(handle);
            }
            let tasks = self.editable_tasks(&job)?;
            let images: Vec<_> = tasks.iter().map(|task| task.written().to_owned()).collect();
            if *decided_on.get_or_insert_with(|| images.clone()) != images {
                return Err(self.unavailable(format!(
                    "somebody else deployed at the same moment: it now has {}",
                    images.join(", ")
                )));
            }
            if !self.apply.forced && tasks.iter().all(|task| self.runs_already(task)) {
                return Ok(Handle {
                    unchanged: true,
                    ..Handle::of(&job, &self.address.namespace)
                });
            }
            match self.register(&job).await {
                Ok(registered) => return Ok(self.accepted(&job, registered)),
                Err(error @ (ApiError::Conflict(_) | ApiError::Unavailable { .. })) => {
                    tracing::debug!(job = %job.id(), attempt, "the job was not registered: {error}");
                    problem = error.to_string();
                }
                Err(error) => return Err(error.about_registration(&self.apply.workload)),
            }
        }
        Err(self.unavailable(format!("given up after {ATTEMPTS} attempts: {problem}")))
    }

    /// The registration of this deployment, if there was one: in the job, or in a version that Nomad has left since.
    async fn already_done(&self, job: &Job) -> Result<Option<Handle>, DeployError> {
        if job.carries(self.apply.id) {
            return Ok(Some(Handle::of(job, &self.address.namespace)));
        }
        let route = Route::new(
            &self.address.namespace,
            &["job", &self.address.job, "versions"],
        );
        let versions = self.client.find::<Versions>(&route).await;
        let versions = versions.map_err(|error| error.about(&self.apply.workload))?;
        Ok(versions
            .map(|versions| versions.value.versions)
            .unwrap_or_default()
            .iter()
            .find(|version| version.carries(self.apply.id))
            .map(|version| Handle::of(version, &self.address.namespace)))
    }

    fn editable_tasks<'j>(&self, job: &'j Job) -> Result<Vec<Task<'j>>, DeployError> {
        let workload = self.apply.workload.clone();
        if let Some(problem) = job.refusal() {
            return Err(DeployError::Refused { workload, problem });
        }
        self.selection()
            .tasks(job)
            .map_err(|obstacle| match obstacle {
                Obstacle::Missing(problem) => DeployError::WorkloadNotFound { workload, problem },
                Obstacle::Refused(problem) => DeployError::Refused { workload, problem },
            })
    }

    fn runs_already(&self, task: &Task<'_>) -> bool {
        let running = task.running(self.nomad).ok();
        running
            .and_then(|running| running.image.digest().cloned())
            .is_some_and(|digest| self.apply.candidate.image.has_digest(&digest, None))
    }

    async fn register(&self, job: &Job) -> Result<Registered, ApiError> {
        let wanted = Wanted {
            id: self.apply.id,
            tag: &self.apply.candidate.tag,
            digest: &self.apply.candidate.image.digest,
            source: &self.apply.source,
            nomad: self.nomad,
        };
        let mut edited = job.with_image(&self.selection(), &wanted);
        for (field, secret) in [
            ("VaultToken", &self.client.vault_token),
            ("ConsulToken", &self.client.consul_token),
        ] {
            if let Some(secret) = secret {
                edited = edited.with_secret(field, secret.read().await?.expose_secret());
            }
        }
        self.client
            .register(
                &self.address.namespace,
                &registration(&edited, job.job_modify_index()),
            )
            .await
    }

    fn accepted(&self, job: &Job, registered: Registered) -> Handle {
        if let Some(warnings) = registered.warnings.filter(|warnings| !warnings.is_empty()) {
            tracing::warn!(job = %job.id(), "nomad warns: {warnings}");
        }
        Handle {
            evaluation: Some(registered.evaluation).filter(|evaluation| !evaluation.is_empty()),
            job_modify_index: registered.job_modify_index,
            version: job.version() + 1,
            ..Handle::of(job, &self.address.namespace)
        }
    }

    fn selection(&self) -> Selection<'_> {
        Selection {
            address: self.address,
            repository: self.apply.source.repository(),
        }
    }

    fn unavailable(&self, problem: String) -> DeployError {
        DeployError::Unavailable {
            workload: self.apply.workload.clone(),
            problem,
            source: None,
        }
    }
}

/// The body of a registration: only over the version that was read, and with the counts that an autoscaler set
/// meanwhile. The job's HCL is not sent along, for it would no longer be what runs.
fn registration(job: &Job, index: u64) -> Value {
    json!({ "Job": job.raw(), "EnforceIndex": true, "JobModifyIndex": index, "PreserveCounts": true })
}
