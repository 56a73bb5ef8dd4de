use serde_json::Value;

use super::{
    super::{
        allocation::{Allocation, TaskState},
        job,
        state::{JobKey, State, Table},
    },
    group_plan::GroupPlan,
};
use crate::clock;

/// How the allocations of a job come to be.
pub(super) struct Placement<'a> {
    pub(super) evaluation: &'a str,
    pub(super) key: &'a JobKey,
    pub(super) job: &'a Value,
    pub(super) deployment: Option<&'a str>,
}

impl State {
    /// Carries a plan out, adds to `watched` what must become healthy, and returns how many allocations found no place.
    pub(super) fn carry_out(
        &mut self,
        placement: &Placement<'_>,
        plan: &GroupPlan,
        watched: &mut Vec<String>,
    ) -> u64 {
        self.update_in_place(placement, plan, watched);
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
            let desired = usize::try_from(plan.desired).unwrap_or(usize::MAX);
            let surplus: Vec<String> = all.skip(desired).cloned().collect();
            self.stop_allocations(&surplus);
        }
        for number in 0..missing {
            watched.push(self.place(placement, plan, number, canaries));
        }
        0
    }

    fn update_in_place(
        &mut self,
        placement: &Placement<'_>,
        plan: &GroupPlan,
        watched: &mut Vec<String>,
    ) {
        for id in &plan.in_place {
            let index = self.write(&[Table::Allocations]);
            let Some(allocation) = self.allocation_mut(id) else {
                continue;
            };
            allocation.job_version = job::version(placement.job);
            allocation.modify_index = index;
            if let Some(deployment) = placement.deployment {
                allocation.deployment_id = Some(deployment.to_owned());
                allocation.healthy = None;
                watched.push(id.clone());
            }
        }
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

    pub(in crate::nomad) fn stop_allocations(&mut self, ids: &[String]) {
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
}
