mod orchestrator;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use registrywatcher::deployment::{DeploymentId, Failure, RolloutHandle, Running};
use registrywatcher::image::{Digest, ImageReference, Tag};
use registrywatcher::ports::{
    Accepted, Apply, Capabilities, DeployError, Deployer, Progress, Rollout,
};
use registrywatcher::watch::{Unit, Workload};

use orchestrator::Orchestrator;

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

    /// Sets what the deployer says it can do, and does.
    pub fn set_capabilities(&self, capabilities: Capabilities) {
        self.lock().capabilities = capabilities;
    }

    /// Adds a job that runs `image` and was never deployed by us.
    ///
    /// # Panics
    ///
    /// If `image` is no image reference.
    pub fn add_workload(&self, job: &str, image: &str) {
        self.lock().add(job, Some(reference(image)));
    }

    /// Adds a job that runs no image.
    pub fn add_idle_workload(&self, job: &str) {
        self.lock().add(job, None);
    }

    /// Removes a job, whatever it runs.
    pub fn remove_workload(&self, job: &str) {
        self.lock().remove(job);
    }

    /// Deploys `image` as somebody else would: a rollout of ours is superseded, and our mark disappears.
    ///
    /// # Panics
    ///
    /// If `image` is no image reference, or there is no such job.
    pub fn deploy_outside(&self, job: &str, image: &str) {
        self.lock().deploy_outside(job, reference(image));
    }

    /// Promotes the canaries of a deployment as somebody else would; `false` if they do not wait for it.
    pub fn promote_outside(&self, id: DeploymentId) -> bool {
        self.lock().promote(id)
    }

    /// Leaves rollouts undecided until [`finish`](Self::finish) or [`release_rollouts`](Self::release_rollouts).
    pub fn hold_rollouts(&self) {
        self.lock().holds = true;
    }

    /// Lets rollouts be decided again.
    pub fn release_rollouts(&self) {
        self.lock().holds = false;
    }

    /// Leaves rollouts of `tag` undecided, as those of an image that never becomes healthy.
    pub fn hold_tag(&self, tag: Tag) {
        self.lock().held_tags.insert(tag);
    }

    /// Holds rollouts of `tag` at their canaries until they are promoted, where the capabilities name canaries.
    pub fn hold_at_canaries(&self, tag: Tag) {
        self.lock().canaried_tags.insert(tag);
    }

    /// Brings the rollout of `job` that is under way to `progress`, held or not.
    ///
    /// # Panics
    ///
    /// If no rollout of `job` is under way.
    pub fn finish(&self, job: &str, progress: Progress) {
        self.lock().finish(job, progress);
    }

    /// Brings the rollout of a deployment to `progress`, held or not; nothing happens if it is decided already.
    pub fn settle(&self, id: DeploymentId, progress: Progress) {
        self.lock().settle_if_under_way(id, progress);
    }

    /// Fails the next rollout that is accepted by fault of its image; `restored` if what ran before runs again.
    pub fn fail_next_image(&self, message: &str, restored: bool) {
        self.fail_next(
            Failure::Image {
                message: message.to_owned(),
            },
            restored,
        );
    }

    /// Fails the next rollout that is accepted for `reason`; `restored` if what ran before runs again.
    pub fn fail_next(&self, reason: Failure, restored: bool) {
        self.lock()
            .failures
            .push_back(Progress::Failed { reason, restored });
    }

    /// Fails every rollout of `tag` by fault of its image; what ran before comes back if the capabilities say so.
    pub fn fail_tag(&self, tag: Tag) {
        self.lock().bad_tags.insert(tag);
    }

    /// Lets rollouts of `tag` succeed again.
    pub fn heal_tag(&self, tag: &Tag) {
        self.lock().bad_tags.remove(tag);
    }

    /// Refuses the next new deployment, saying `problem`.
    pub fn refuse_next(&self, problem: &str) {
        self.lock().refusals.push_back(problem.to_owned());
    }

    /// Loses the answer to the next `apply`: the rollout starts, and the caller is told that nobody is there.
    pub fn lose_next_answer(&self) {
        self.lock().loses_next_answer = true;
    }

    /// Answers nothing until [`recover`](Self::recover). What was accepted stays accepted.
    pub fn break_down(&self) {
        self.lock().is_down = true;
    }

    /// Answers again.
    pub fn recover(&self) {
        self.lock().is_down = false;
    }

    /// The digest that `job` runs, if it runs an image by digest.
    pub fn running_digest(&self, job: &str) -> Option<Digest> {
        self.lock().runs(job)?.image.digest().cloned()
    }

    /// What `job` runs, whatever the capabilities let be seen.
    pub fn runs(&self, job: &str) -> Option<Running> {
        self.lock().runs(job).cloned()
    }

    /// The mark that `job` carries.
    pub fn running_mark(&self, job: &str) -> Option<DeploymentId> {
        self.lock().runs(job)?.mark
    }

    /// Every deployment that was accepted, in the order of acceptance.
    pub fn applied(&self) -> Vec<DeploymentId> {
        self.lock().applied()
    }

    /// Every deployment that was let go of, in that order.
    pub fn let_go_of(&self) -> Vec<DeploymentId> {
        self.lock().let_go_of.clone()
    }

    /// How often `job` was replaced, by us or by others.
    pub fn generation(&self, job: &str) -> u64 {
        self.lock().generation(job)
    }

    fn lock(&self) -> MutexGuard<'_, Orchestrator> {
        self.orchestrator
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn reach(&self, workload: &Workload) -> Result<MutexGuard<'_, Orchestrator>, DeployError> {
        let orchestrator = self.lock();
        if orchestrator.is_down {
            Err(unavailable(workload))
        } else {
            Ok(orchestrator)
        }
    }
}

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
            if let Some(problem) = orchestrator.refusals.pop_front() {
                return Err(DeployError::Refused {
                    workload: workload.clone(),
                    problem,
                });
            }
            orchestrator.start(&job, apply.clone());
        }
        if std::mem::take(&mut orchestrator.loses_next_answer) {
            return Err(unavailable(workload));
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
        let mut orchestrator = self.reach(workload)?;
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

fn reference(image: &str) -> ImageReference {
    image.parse().unwrap_or_else(|problem| panic!("{problem}"))
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

fn unavailable(workload: &Workload) -> DeployError {
    DeployError::Unavailable {
        workload: workload.clone(),
        problem: "nobody answers".to_owned(),
        source: None,
    }
}
