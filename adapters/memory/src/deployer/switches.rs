use registrywatcher::deployment::{DeploymentId, Failure, Running};
use registrywatcher::image::{Digest, ImageReference, Tag};
use registrywatcher::ports::{Capabilities, Progress};
use registrywatcher::watch::Workload;

use super::MemoryDeployer;
use super::orchestrator::Reception;

/// What a test does to the orchestrator, and sees of it.
impl MemoryDeployer {
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

    /// Lets somebody else deploy `image` while the next deployment is being applied, which then gives up.
    ///
    /// # Panics
    ///
    /// If `image` is no image reference.
    pub fn deploy_outside_meanwhile(&self, job: &str, image: &str) {
        self.lock()
            .meanwhile
            .push_back((job.to_owned(), reference(image)));
    }

    /// Sets how many instances of a job are wanted, as an autoscaler does.
    pub fn scale(&self, job: &str, count: u32) {
        self.lock().scale(job, count);
    }

    /// How many instances of `job` are wanted.
    pub fn count(&self, job: &str) -> u32 {
        self.lock().count(job)
    }

    /// Writes these labels beside a workload that was added before; `workload` is how it is to be discovered by them.
    pub fn label(&self, job: &str, workload: &Workload, labels: &[(&str, &str)]) {
        let labels = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.lock().label(job, workload.clone(), labels.collect());
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
        self.lock().reception = Reception::Down;
    }

    /// Refuses our credentials until [`recover`](Self::recover). What was accepted stays accepted.
    pub fn refuse_credentials(&self) {
        self.lock().reception = Reception::Refused;
    }

    /// Answers again.
    pub fn recover(&self) {
        self.lock().reception = Reception::Open;
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
}

fn reference(image: &str) -> ImageReference {
    image.parse().unwrap_or_else(|problem| panic!("{problem}"))
}
