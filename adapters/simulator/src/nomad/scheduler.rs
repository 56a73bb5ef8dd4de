//! Brings what runs to what a job's newest version says, in one batch: `max_parallel` is not obeyed.

mod group_plan;
mod placement;
mod rollout;

use std::collections::BTreeMap;

use serde_json::Value;

use self::{group_plan::GroupPlan, placement::Placement};
use super::{
    deployment,
    evaluation::Outcome,
    job,
    state::{JobKey, State, Step},
};
use crate::countdown::strikes;

impl State {
    pub(super) fn run(&mut self, step: Step) {
        match step {
            Step::Evaluate { evaluation } => self.evaluate(&evaluation),
            Step::CheckHealth { allocations } => self.check_health(&allocations),
            Step::Deadline { deployment } => self.meet_deadline(&deployment),
        }
    }

    fn evaluate(&mut self, id: &str) {
        let Some(evaluation) = self
            .evaluation(id)
            .filter(|found| found.status == "pending")
        else {
            return;
        };
        let key = evaluation.key();
        if strikes(&mut self.faults.failed_evaluations) {
            return self.fail_evaluation(id);
        }
        let outcome = match self.job(&key).cloned() {
            Some(job) if job::is_stopped(&job) => {
                self.stop_all(&key, &job);
                Outcome::default()
            }
            Some(job) => self.reconcile(id, &key, &job),
            None => Outcome::default(),
        };
        self.complete_evaluation(id, outcome);
    }

    fn reconcile(&mut self, evaluation: &str, key: &JobKey, job: &Value) -> Outcome {
        self.cancel_older_deployments(key, job);
        self.stop_removed_groups(key, job);
        if self.is_held(key, job) {
            return Outcome::default();
        }
        let mut plans: Vec<GroupPlan> = job::groups(job)
            .iter()
            .map(|group| self.plan_group(key, job, group))
            .collect();
        let deployment = self.deployment_for(key, job, &mut plans);
        let placement = Placement {
            evaluation,
            key,
            job,
            deployment: deployment.as_deref(),
        };
        let mut unplaced = BTreeMap::new();
        let mut watched = Vec::new();
        for plan in &plans {
            let wanted = self.carry_out(&placement, plan, &mut watched);
            if wanted > 0 {
                unplaced.insert(plan.name.clone(), wanted);
            }
        }
        self.watch(key, watched);
        if let Some(deployment) = &deployment {
            self.count_allocations(deployment);
        }
        let named = match deployment {
            Some(_) if strikes(&mut self.faults.phantom_deployments) => Some(self.new_id()),
            named => named,
        };
        Outcome {
            deployment: named,
            unplaced,
            groups: plans.into_iter().map(|plan| plan.name).collect(),
        }
    }

    /// Lets the clients report on allocations after a while.
    fn watch(&mut self, key: &JobKey, allocations: Vec<String>) {
        if allocations.is_empty() {
            return;
        }
        let health_delay = self.settings.health_delay;
        self.later(health_delay, Step::CheckHealth { allocations });
        self.set_job_status(key, "running");
    }

    fn stop_removed_groups(&mut self, key: &JobKey, job: &Value) {
        let removed = self.allocations.iter().filter(|known| {
            known.wanted && known.key == *key && job::group(job, &known.group).is_none()
        });
        let removed: Vec<String> = removed.map(|known| known.id.clone()).collect();
        self.stop_allocations(&removed);
    }

    fn stop_all(&mut self, key: &JobKey, job: &Value) {
        let running = self
            .allocations
            .iter()
            .filter(|known| known.wanted && known.key == *key);
        let running: Vec<String> = running.map(|known| known.id.clone()).collect();
        self.stop_allocations(&running);
        let active = self
            .deployments
            .iter()
            .filter(|known| known.is_active() && known.key() == *key);
        for id in active.map(|known| known.id.clone()).collect::<Vec<_>>() {
            self.end_deployment(&id, "cancelled", deployment::STOPPED_JOB);
        }
        self.touch_job(key, job::version(job), |job| job["Status"] = "dead".into());
    }

    fn cancel_older_deployments(&mut self, key: &JobKey, job: &Value) {
        let version = job::version(job);
        let older = self.deployments.iter().filter(|known| {
            known.is_active() && known.key() == *key && known.job_version != version
        });
        for deployment in older.cloned().collect::<Vec<_>>() {
            self.end_deployment(&deployment.id, "cancelled", deployment::NEWER_JOB);
            self.stop_unpromoted_canaries(&deployment);
        }
    }
}
