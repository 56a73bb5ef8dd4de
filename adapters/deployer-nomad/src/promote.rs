use crate::error::ApiError;
use crate::follow::Follower;
use crate::rollout;

/// How the canaries of a rollout stand.
pub(crate) enum Canaries {
    /// They are healthy, and wait for a promotion of this deployment of Nomad's.
    Await { deployment: String },
    /// They were promoted.
    Promoted,
    /// There is nothing to promote, for this reason.
    Nothing(&'static str),
}

impl Follower<'_> {
    /// How the canaries of the rollout stand now.
    pub(crate) async fn canaries(&self) -> Result<Canaries, ApiError> {
        let facts = self.facts().await?;
        let expected = |job: &&_| self.expected.is_met_by(job);
        let Some(job) = facts.job.as_ref().filter(expected) else {
            return Ok(Canaries::Nothing("the job was registered anew"));
        };
        let Some(deployment) = facts.deployment_of(job) else {
            return Ok(Canaries::Nothing("nomad has no deployment of the job"));
        };
        if rollout::awaits_promotion(deployment) {
            let deployment = deployment.id.clone();
            return Ok(Canaries::Await { deployment });
        }
        let mut groups = deployment.task_groups.values();
        Ok(if groups.any(|group| group.promoted) {
            Canaries::Promoted
        } else {
            Canaries::Nothing("it has no canaries, or they are not healthy")
        })
    }
}
