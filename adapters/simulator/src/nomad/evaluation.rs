use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    job,
    state::{JobKey, State, Step, Table},
};
use crate::clock;

/// The scheduler's task to look at a job.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Evaluation {
    #[serde(rename = "ID")]
    pub(super) id: String,
    pub(super) namespace: String,
    pub(super) priority: u64,
    #[serde(rename = "Type")]
    pub(super) job_type: String,
    pub(super) triggered_by: &'static str,
    #[serde(rename = "JobID")]
    pub(super) job_id: String,
    pub(super) job_modify_index: u64,
    #[serde(rename = "DeploymentID")]
    pub(super) deployment_id: String,
    pub(super) status: &'static str,
    pub(super) status_description: String,
    pub(super) wait: u64,
    pub(super) next_eval: String,
    pub(super) previous_eval: String,
    pub(super) blocked_eval: String,
    #[serde(rename = "FailedTGAllocs")]
    pub(super) failed_tg_allocs: Option<BTreeMap<String, Value>>,
    pub(super) queued_allocations: Option<BTreeMap<String, u64>>,
    pub(super) quota_limit_reached: String,
    pub(super) annotate_plan: bool,
    pub(super) snapshot_index: u64,
    pub(super) create_index: u64,
    pub(super) modify_index: u64,
    pub(super) create_time: u64,
    pub(super) modify_time: u64,
}

impl Evaluation {
    pub(super) fn key(&self) -> JobKey {
        JobKey::new(&self.namespace, &self.job_id)
    }
}

/// What an evaluation came to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) deployment: Option<String>,
    /// The allocations that found no place, by group.
    pub(super) unplaced: BTreeMap<String, u64>,
    pub(super) groups: Vec<String>,
}

impl State {
    /// Queues an evaluation of a job, written at `index`, and returns its id.
    pub(super) fn queue_evaluation(
        &mut self,
        key: &JobKey,
        triggered_by: &'static str,
        index: u64,
    ) -> String {
        let id = self.push_evaluation(key, triggered_by, "pending", index);
        let delay = self.settings.evaluation_delay;
        let evaluation = id.clone();
        self.later(delay, Step::Evaluate { evaluation });
        id
    }

    fn push_evaluation(
        &mut self,
        key: &JobKey,
        triggered_by: &'static str,
        status: &'static str,
        index: u64,
    ) -> String {
        let id = self.new_id();
        let job = self.job(key);
        let now = clock::unix_nanos();
        let evaluation = Evaluation {
            id: id.clone(),
            namespace: key.namespace.clone(),
            priority: job.map_or(50, |job| job::number(job, "Priority")),
            job_type: job.map_or_else(|| "service".to_owned(), |job| job::kind(job).to_owned()),
            triggered_by,
            job_id: key.id.clone(),
            job_modify_index: job.map_or(0, job::modify_index),
            deployment_id: String::new(),
            status,
            status_description: String::new(),
            wait: 0,
            next_eval: String::new(),
            previous_eval: String::new(),
            blocked_eval: String::new(),
            failed_tg_allocs: None,
            queued_allocations: None,
            quota_limit_reached: String::new(),
            annotate_plan: false,
            snapshot_index: index,
            create_index: index,
            modify_index: index,
            create_time: now,
            modify_time: now,
        };
        self.evaluations.push(evaluation);
        id
    }

    pub(super) fn complete_evaluation(&mut self, id: &str, outcome: Outcome) {
        let index = self.write(&[Table::Evaluations]);
        let blocked = (!outcome.unplaced.is_empty())
            .then(|| self.block_behind(id, index))
            .flatten();
        let nodes = self.settings.nodes;
        let Some(evaluation) = self.evaluation(id) else {
            return;
        };
        evaluation.status = "complete";
        evaluation.deployment_id = outcome.deployment.unwrap_or_default();
        evaluation.blocked_eval = blocked.unwrap_or_default();
        let queued = |group| (group, 0);
        let mut queued: BTreeMap<String, u64> = outcome.groups.into_iter().map(queued).collect();
        queued.extend(outcome.unplaced.clone());
        evaluation.queued_allocations = Some(queued);
        if !outcome.unplaced.is_empty() {
            let metrics = outcome.unplaced.into_iter();
            let metrics = metrics.map(|(group, count)| (group, exhausted_memory(nodes, count)));
            evaluation.failed_tg_allocs = Some(metrics.collect());
        }
        evaluation.modify_index = index;
        evaluation.modify_time = clock::unix_nanos();
    }

    pub(super) fn fail_evaluation(&mut self, id: &str) {
        let index = self.write(&[Table::Evaluations]);
        if let Some(evaluation) = self.evaluation(id) {
            evaluation.status = "failed";
            "maximum attempts reached (5)".clone_into(&mut evaluation.status_description);
            evaluation.modify_index = index;
            evaluation.modify_time = clock::unix_nanos();
        }
    }

    /// Adds the evaluation that waits for capacity.
    fn block_behind(&mut self, id: &str, index: u64) -> Option<String> {
        let key = self.evaluation(id)?.key();
        let blocked = self.push_evaluation(&key, "queued-allocs", "blocked", index);
        let evaluation = self.evaluation(&blocked)?;
        id.clone_into(&mut evaluation.previous_eval);
        "created to place remaining allocations".clone_into(&mut evaluation.status_description);
        Some(blocked)
    }

    /// Puts what waits for capacity into the queue again.
    pub(super) fn unblock_evaluations(&mut self) {
        let index = self.write(&[Table::Evaluations]);
        let delay = self.settings.evaluation_delay;
        let mut unblocked = Vec::new();
        for evaluation in &mut self.evaluations {
            if evaluation.status == "blocked" {
                evaluation.status = "pending";
                evaluation.modify_index = index;
                unblocked.push(evaluation.id.clone());
            }
        }
        for evaluation in unblocked {
            self.later(delay, Step::Evaluate { evaluation });
        }
    }
}

/// The metric of a placement that no node had memory for.
pub(super) fn exhausted_memory(nodes: u64, wanted: u64) -> Value {
    json!({
        "NodesEvaluated": nodes,
        "NodesFiltered": 0,
        "NodesInPool": nodes,
        "NodePool": "default",
        "NodesAvailable": {"dc1": nodes},
        "ClassFiltered": null,
        "ConstraintFiltered": null,
        "NodesExhausted": nodes,
        "ClassExhausted": null,
        "DimensionExhausted": {"memory": nodes},
        "QuotaExhausted": null,
        "ResourcesExhausted": null,
        "Scores": null,
        "ScoreMetaData": null,
        "AllocationTime": 24_000,
        "CoalescedFailures": wanted.saturating_sub(1),
    })
}
