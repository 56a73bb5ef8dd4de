//! Brings what runs to what a job's newest version says, in one batch: `max_parallel` is not obeyed.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    allocation::{Allocation, TaskState},
    deployment::{self, Deployment, GroupState},
    evaluation::Outcome,
    job,
    state::{JobKey, State, Step, Table},
};
use crate::clock;

/// What is to be done for one task group.
#[derive(Debug)]
struct GroupPlan {
    name: String,
    desired: u64,
    /// Allocations of this version.
    current: Vec<String>,
    /// Allocations of older versions that can go on under this one.
    in_place: Vec<String>,
    /// Allocations of older versions that must be replaced.
    outdated: Vec<String>,
    canaries: u64,
    update: Value,
}

impl GroupPlan {
    fn has_deployment(&self, job: &Value, system_deployments: bool) -> bool {
        let kind = job::kind(job);
        let kind_has = kind == "service" || (kind == "system" && system_deployments);
        kind_has && self.desired > 0 && job::number(&self.update, "MaxParallel") > 0
    }

    fn group_state(&self, now: u64) -> GroupState {
        let progress_deadline = job::number(&self.update, "ProgressDeadline");
        GroupState {
            auto_revert: self.update["AutoRevert"] == true,
            auto_promote: self.update["AutoPromote"] == true,
            progress_deadline,
            require_progress_by: clock::rfc3339(now + progress_deadline),
            desired_canaries: self.canaries,
            desired_total: self.desired,
            ..GroupState::default()
        }
    }

    /// How many allocations are still to be placed.
    fn missing(&self) -> u64 {
        let there = self.current.len() + self.in_place.len();
        self.desired.saturating_sub(there as u64)
    }
}

/// How the allocations of a job come to be.
struct Placement<'a> {
    evaluation: &'a str,
    key: &'a JobKey,
    job: &'a Value,
    deployment: Option<&'a str>,
}

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
        if crate::countdown::strikes(&mut self.faults.failed_evaluations) {
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
        if self.is_held(key, job::version(job)) {
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
        let health_delay = self.settings.health_delay;
        let allocations = watched;
        if !allocations.is_empty() {
            self.later(health_delay, Step::CheckHealth { allocations });
            self.set_job_status(key, "running");
        }
        if let Some(deployment) = &deployment {
            self.count_allocations(deployment);
        }
        let named = match deployment {
            Some(_) if crate::countdown::strikes(&mut self.faults.phantom_deployments) => {
                Some(self.new_id())
            }
            named => named,
        };
        Outcome {
            deployment: named,
            unplaced,
            groups: plans.into_iter().map(|plan| plan.name).collect(),
        }
    }

    fn plan_group(&self, key: &JobKey, job: &Value, group: &Value) -> GroupPlan {
        let version = job::version(job);
        let mut plan = GroupPlan {
            name: job::name(group).to_owned(),
            desired: match job::kind(job) {
                "system" | "sysbatch" => self.settings.nodes,
                _ => job::number(group, "Count"),
            },
            current: Vec::new(),
            in_place: Vec::new(),
            outdated: Vec::new(),
            canaries: 0,
            update: group["Update"].clone(),
        };
        let wanted = job::destructive_part(job, group);
        let known = self.allocations.iter();
        let known =
            known.filter(|known| known.wanted && known.key == *key && known.group == plan.name);
        for allocation in known {
            let bucket = if allocation.job_version == version {
                &mut plan.current
            } else if allocation.is_live() && self.part_of(allocation).as_ref() == Some(&wanted) {
                &mut plan.in_place
            } else {
                &mut plan.outdated
            };
            bucket.push(allocation.id.clone());
        }
        if !plan.outdated.is_empty() {
            let canary = job::number(&plan.update, "Canary");
            plan.canaries = match job::kind(job) {
                "system" => (plan.desired * canary).div_ceil(100),
                _ => canary,
            };
        }
        plan
    }

    fn part_of(&self, allocation: &Allocation) -> Option<Value> {
        let job = self.job_version(&allocation.key, allocation.job_version)?;
        let group = job::group(job, &allocation.group)?;
        Some(job::destructive_part(job, group))
    }

    /// The deployment under which the plans are carried out: the one there is, or a new one where this version has had
    /// none and changes more than counts.
    fn deployment_for(
        &mut self,
        key: &JobKey,
        job: &Value,
        plans: &mut [GroupPlan],
    ) -> Option<String> {
        let version = job::version(job);
        let known = self.deployments.iter().rev();
        let mut known = known.filter(|known| known.key() == *key && known.job_version == version);
        if let Some(known) = known.next() {
            for plan in plans.iter_mut() {
                let group = known.task_groups.get(&plan.name);
                if group.is_none_or(|group| group.promoted || group.desired_canaries == 0) {
                    plan.canaries = 0;
                }
            }
            return known.is_active().then(|| known.id.clone());
        }
        let system_deployments = self.settings.system_deployments;
        let rolled = plans
            .iter()
            .filter(|plan| plan.has_deployment(job, system_deployments));
        let rolled: Vec<&GroupPlan> = rolled.collect();
        let ran_before = plans.iter().any(|plan| !plan.current.is_empty());
        if rolled.is_empty() || ran_before || self.changes_only_counts(key, job) {
            for plan in plans {
                plan.canaries = 0;
            }
            return None;
        }
        let now = clock::unix_nanos();
        let groups = rolled
            .iter()
            .map(|plan| (plan.name.clone(), plan.group_state(now)));
        let groups: BTreeMap<String, GroupState> = groups.collect();
        Some(self.create_deployment(key, job, groups))
    }

    /// Whether this version's deployment lets nothing be placed: it failed, or is paused.
    fn is_held(&self, key: &JobKey, version: u64) -> bool {
        let mut known = self.deployments.iter().rev();
        let own = known.find(|known| known.key() == *key && known.job_version == version);
        own.is_some_and(|own| !matches!(own.status, "running" | "successful"))
    }

    fn changes_only_counts(&self, key: &JobKey, job: &Value) -> bool {
        let Some(before) = job::version(job).checked_sub(1) else {
            return false;
        };
        self.job_version(key, before).is_some_and(|before| {
            job::specification_without_counts(before) == job::specification_without_counts(job)
        })
    }

    fn create_deployment(
        &mut self,
        key: &JobKey,
        job: &Value,
        task_groups: BTreeMap<String, GroupState>,
    ) -> String {
        let index = self.write(&[Table::Deployments]);
        let id = self.new_id();
        let now = clock::unix_nanos();
        let deadline = task_groups
            .values()
            .map(|group| group.progress_deadline)
            .max();
        let mut deployment = Deployment {
            id: id.clone(),
            namespace: key.namespace.clone(),
            job_id: key.id.clone(),
            job_version: job::version(job),
            job_modify_index: job::number(job, "ModifyIndex"),
            job_spec_modify_index: job::modify_index(job),
            job_create_index: job::number(job, "CreateIndex"),
            is_multiregion: false,
            task_groups,
            status: "running",
            status_description: String::new(),
            eval_priority: job::number(job, "Priority"),
            create_index: index,
            modify_index: index,
            create_time: now,
            modify_time: now,
        };
        deployment
            .running_description()
            .clone_into(&mut deployment.status_description);
        self.deployments.push(deployment);
        if let Some(deadline) = deadline.filter(|deadline| *deadline > 0) {
            let deployment = id.clone();
            let deadline = std::time::Duration::from_nanos(deadline);
            self.later(deadline, Step::Deadline { deployment });
        }
        id
    }

    /// Carries a plan out, adds to `watched` what must become healthy, and returns how many allocations found no place.
    fn carry_out(
        &mut self,
        placement: &Placement<'_>,
        plan: &GroupPlan,
        watched: &mut Vec<String>,
    ) -> u64 {
        let version = job::version(placement.job);
        let is_rolled = placement.deployment.is_some();
        for id in &plan.in_place {
            let index = self.write(&[Table::Allocations]);
            if let Some(allocation) = self.allocation_mut(id) {
                allocation.job_version = version;
                allocation.modify_index = index;
                if is_rolled {
                    allocation.deployment_id = placement.deployment.map(str::to_owned);
                    allocation.healthy = None;
                    watched.push(id.clone());
                }
            }
        }
        let canaries = plan.canaries > 0;
        let missing = if canaries {
            let placed = plan.current.len() as u64;
            plan.canaries.saturating_sub(placed)
        } else {
            plan.missing()
        };
        if missing > 0 && self.full {
            return missing;
        }
        if !canaries {
            self.stop_allocations(&plan.outdated);
            let all = plan.in_place.iter().chain(&plan.current);
            let surplus: Vec<String> = all
                .skip(usize::try_from(plan.desired).unwrap_or(usize::MAX))
                .cloned()
                .collect();
            self.stop_allocations(&surplus);
        }
        for number in 0..missing {
            watched.push(self.place(placement, plan, number, canaries));
        }
        0
    }

    fn place(
        &mut self,
        placement: &Placement<'_>,
        plan: &GroupPlan,
        number: u64,
        canary: bool,
    ) -> String {
        let index = self.write(&[Table::Allocations]);
        let id = self.new_id();
        let now = clock::unix_nanos();
        let group = job::group(placement.job, &plan.name);
        let tasks = group.map(job::tasks).unwrap_or_default().iter();
        let position = number + (plan.current.len() + plan.in_place.len()) as u64;
        self.allocations.push(Allocation {
            id: id.clone(),
            evaluation_id: placement.evaluation.to_owned(),
            name: format!("{}.{}[{position}]", placement.key.id, plan.name),
            node: position % self.settings.nodes.max(1) + 1,
            key: placement.key.clone(),
            job_type: job::kind(placement.job).to_owned(),
            job_version: job::version(placement.job),
            group: plan.name.clone(),
            deployment_id: placement.deployment.map(str::to_owned),
            wanted: true,
            client_status: "pending",
            canary,
            healthy: None,
            judged_at: now,
            tasks: tasks
                .map(|task| (job::name(task).to_owned(), TaskState::received(now)))
                .collect(),
            create_index: index,
            modify_index: index,
            create_time: now,
            modify_time: now,
        });
        id
    }

    pub(super) fn stop_allocations(&mut self, ids: &[String]) {
        if ids.is_empty() {
            return;
        }
        let index = self.write(&[Table::Allocations]);
        for id in ids {
            if let Some(allocation) = self.allocation_mut(id) {
                allocation.stop(index);
            }
        }
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
        for id in older.map(|known| known.id.clone()).collect::<Vec<_>>() {
            self.end_deployment(&id, "cancelled", deployment::NEWER_JOB);
        }
    }
}
