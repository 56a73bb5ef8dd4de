//! What operators ask of a deployment.

use super::{
    super::{deployment, deployment::Deployment, error::ApiError, state::State},
    Commanded, unhealthy_canaries,
};

impl State {
    fn active_deployment(&self, id: &str, command: &str) -> Result<&Deployment, ApiError> {
        match self.deployment(id) {
            None => Err(ApiError::rpc("deployment not found")),
            Some(found) if !found.is_active() => Err(ApiError::rpc(format!(
                "can't {command} terminal deployment"
            ))),
            Some(found) => Ok(found),
        }
    }

    pub(in crate::nomad) fn command_promote(&mut self, id: &str) -> Result<Commanded, ApiError> {
        let deployment = self.active_deployment(id, "promote")?;
        if !deployment.requires_promotion() {
            return Err(ApiError::rpc("no canaries to promote"));
        }
        let unhealthy = unhealthy_canaries(deployment);
        if unhealthy.is_empty() {
            return Ok(self.promote(id));
        }
        let count = unhealthy.len();
        let errors = if count == 1 { "error" } else { "errors" };
        let lines = unhealthy.iter().map(|(name, healthy, desired)| {
            format!("\t* Task group {name:?} has {healthy}/{desired} healthy allocations\n")
        });
        let text = format!(
            "{count} {errors} occurred:\n{}\n",
            lines.collect::<String>()
        );
        Err(ApiError::rpc(text))
    }

    pub(in crate::nomad) fn command_fail(&mut self, id: &str) -> Result<Commanded, ApiError> {
        let deployment = self.active_deployment(id, "fail")?;
        let mut groups = deployment.task_groups.values();
        let roll_back = groups.any(|group| group.auto_revert);
        Ok(self.fail_deployment(id, deployment::BY_USER, roll_back))
    }

    pub(in crate::nomad) fn command_pause(
        &mut self,
        id: &str,
        pause: bool,
    ) -> Result<Commanded, ApiError> {
        let command = if pause { "pause" } else { "resume" };
        let key = self.active_deployment(id, command)?.key();
        if pause {
            let index = self.end_deployment(id, "paused", deployment::PAUSED);
            return Ok(Commanded {
                index,
                ..Commanded::default()
            });
        }
        let index = self.end_deployment(id, "running", deployment::RUNNING);
        let evaluation = self.queue_evaluation(&key, "deployment-watcher", index);
        self.judge(id);
        Ok(Commanded {
            evaluation: Some(evaluation),
            reverted_job_version: None,
            index,
        })
    }
}
