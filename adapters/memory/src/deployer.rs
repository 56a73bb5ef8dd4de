mod orchestrator;
mod switches;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use registrywatcher::deployment::{DeploymentId, Failure, RolloutHandle, Running};
use registrywatcher::ports::{
    Accepted, Apply, Capabilities, DeployError, Deployer, DiscoverError, Discovered, Progress,
    Rollout,
};
use registrywatcher::watch::{Unit, Workload};

use orchestrator::{Orchestrator, Reception};

/// A fake orchestrator: it runs jobs, rolls them out one at a time and keeps our marks.
///
/// A workload's address is its `job`, which is also its unit, and a `group` where one job has several; the switches name it
/// `job` or `job/group`. A rollout is decided by the first `follow` after `apply`: it succeeds, unless a switch says
/// otherwise. Nothing here waits. Clones share one orchestrator.
#[derive(Debug, Clone, Default)]
pub struct MemoryDeployer {
    orchestrator: Arc<Mutex<Orchestrator>>,
}

impl MemoryDeployer {
    /// An orchestrator without jobs, which can do everything but revert a failed rollout by itself.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Orchestrator> {
        self.orchestrator
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn reach(&self, workload: &Workload) -> Result<MutexGuard<'_, Orchestrator>, DeployError> {
        let orchestrator = self.lock();
        match orchestrator.reception {
            Reception::Open => Ok(orchestrator),
            Reception::Down => Err(unavailable(workload, NOBODY)),
            Reception::Refused => Err(DeployError::Refused {
                workload: workload.clone(),
                problem: REFUSAL.to_owned(),
            }),
        }
    }
}

/// What is told of an orchestrator that is down.
const NOBODY: &str = "nobody answers";
/// What is told to those whose credentials are refused.
const REFUSAL: &str = "its orchestrator refuses our credentials";

#[async_trait]
impl Deployer for MemoryDeployer {
    fn capabilities(&self) -> Capabilities {
        self.lock().capabilities
    }

    fn unit(&self, workload: &Workload) -> Result<Unit, DeployError> {
        Ok(Unit::new(&workload.deployer, job_of(workload)?))
    }

    async fn running(&self, workload: &Workload) -> Result<Option<Running>, DeployError> {
        let job = place_of(workload)?;
        let orchestrator = self.reach(workload)?;
        if !orchestrator.has(&job) {
            return Err(not_found(workload, &job));
        }
        Ok(orchestrator.running(&job))
    }

    async fn apply(&self, apply: &Apply) -> Result<Accepted, DeployError> {
        let workload = &apply.workload;
        let job = place_of(workload)?;
        let mut orchestrator = self.reach(workload)?;
        if !orchestrator.has(&job) {
            return Err(not_found(workload, &job));
        }
        if !orchestrator.knows(apply.id) {
            if orchestrator.is_beaten_to(&job) {
                let problem = "somebody else deployed at the same moment";
                return Err(unavailable(workload, problem));
            }
            if let Some(problem) = orchestrator.refusals.pop_front() {
                return Err(DeployError::Refused {
                    workload: workload.clone(),
                    problem,
                });
            }
            orchestrator.start(&job, apply.clone());
        }
        if std::mem::take(&mut orchestrator.loses_next_answer) {
            return Err(unavailable(workload, NOBODY));
        }
        Ok(Accepted {
            handle: RolloutHandle(apply.id.to_string()),
            allows: None,
        })
    }

    async fn let_go(&self, id: DeploymentId) {
        self.lock().let_go_of.push(id);
    }

    async fn follow(&self, rollout: &Rollout) -> Result<Progress, DeployError> {
        let workload = &rollout.apply.workload;
        let job = place_of(workload)?;
        // Not even a refusal decides a rollout: it goes on whether or not we may look.
        let mut orchestrator = self.reach(workload).map_err(|error| match error {
            DeployError::Refused { problem, .. } => unavailable(workload, &problem),
            other => other,
        })?;
        if !orchestrator.has(&job) {
            return Err(not_found(workload, &job));
        }
        let handle = &rollout.handle.0;
        let progress = handle.parse().ok().and_then(|id| orchestrator.decide(id));
        Ok(progress.unwrap_or_else(|| Progress::Failed {
            reason: Failure::Orchestrator {
                message: format!("there is no rollout `{handle}`"),
            },
            restored: false,
        }))
    }

    async fn discover(&self) -> Result<Vec<Discovered>, DiscoverError> {
        let orchestrator = self.lock();
        let problem = match orchestrator.reception {
            Reception::Down => NOBODY,
            Reception::Refused => REFUSAL,
            Reception::Open if orchestrator.capabilities.discovers => {
                return Ok(orchestrator.discover());
            }
            Reception::Open => "labels cannot be seen",
        };
        Err(DiscoverError {
            problem: problem.to_owned(),
            source: None,
        })
    }

    async fn promote(&self, rollout: &Rollout) -> Result<(), DeployError> {
        let workload = &rollout.apply.workload;
        let mut orchestrator = self.reach(workload)?;
        if orchestrator.promote(rollout.apply.id) {
            return Ok(());
        }
        Err(DeployError::Refused {
            workload: workload.clone(),
            problem: "it has no canaries that wait to be promoted".to_owned(),
        })
    }
}

fn job_of(workload: &Workload) -> Result<&str, DeployError> {
    let address = &workload.address;
    let parts = 1 + usize::from(address.get("group").is_some());
    match address.get("job") {
        Some(job) if address.iter().len() == parts && !job.is_empty() => Ok(job),
        _ => Err(DeployError::InvalidAddress {
            workload: workload.clone(),
            problem: "an address is `job`, or `job` and `group`, and nothing else".to_owned(),
        }),
    }
}

/// A workload as the switches name it.
fn place_of(workload: &Workload) -> Result<String, DeployError> {
    let job = job_of(workload)?;
    Ok(match workload.address.get("group") {
        Some(group) => format!("{job}/{group}"),
        None => job.to_owned(),
    })
}

fn not_found(workload: &Workload, job: &str) -> DeployError {
    DeployError::WorkloadNotFound {
        workload: workload.clone(),
        problem: format!("there is no job `{job}`"),
    }
}

fn unavailable(workload: &Workload, problem: &str) -> DeployError {
    DeployError::Unavailable {
        workload: workload.clone(),
        problem: problem.to_owned(),
        source: None,
    }
}
