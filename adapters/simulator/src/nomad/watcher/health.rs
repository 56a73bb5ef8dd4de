//! What the clients report of their allocations.

use std::collections::BTreeSet;

use super::super::{
    allocation::Allocation,
    job,
    rules::{Fate, fate_of},
    state::{State, Table},
};
use crate::clock;

impl State {
    /// Lets the clients report on allocations that are new or were changed.
    pub(in crate::nomad) fn check_health(&mut self, ids: &[String]) {
        let index = self.write(&[Table::Allocations]);
        let mut deployments = BTreeSet::new();
        for id in ids {
            let Some(position) = self.allocations.iter().position(|known| known.id == *id) else {
                continue;
            };
            let fate = self.fate_of(&self.allocations[position]);
            let allocation = &mut self.allocations[position];
            if allocation.wanted && allocation.healthy.is_none() {
                report(allocation, fate.as_ref(), index);
                deployments.extend(allocation.deployment_id.clone());
            }
        }
        for deployment in deployments {
            self.judge(&deployment);
        }
        for id in ids {
            self.end_finished_job(id);
        }
    }

    /// The task whose image has a fate, and the fate.
    fn fate_of(&self, allocation: &Allocation) -> Option<(String, Fate)> {
        let job = self.job_version(&allocation.key, allocation.job_version)?;
        let group = job::group(job, &allocation.group)?;
        job::tasks(group).iter().find_map(|task| {
            let image = task["Config"]["image"].as_str()?;
            let fate = fate_of(&self.rules, image)?;
            Some((job::name(task).to_owned(), fate.clone()))
        })
    }

    /// A batch job is dead when nothing of it runs any more.
    fn end_finished_job(&mut self, allocation: &str) {
        let Some(allocation) = self.allocation_mut(allocation) else {
            return;
        };
        let key = allocation.key.clone();
        if !is_batch(allocation)
            || self
                .allocations
                .iter()
                .any(|known| known.key == key && known.is_live())
        {
            return;
        }
        self.set_job_status(&key, "dead");
    }
}

fn is_batch(allocation: &Allocation) -> bool {
    matches!(allocation.job_type.as_str(), "batch" | "sysbatch")
}

/// Writes down what the client found.
fn report(allocation: &mut Allocation, fate: Option<&(String, Fate)>, index: u64) {
    let now = clock::unix_nanos();
    let is_rolled = allocation.deployment_id.is_some();
    if let Some((task, Fate::DriverFailure(message))) = fate {
        fail_to_start(allocation, task, message, now);
    } else if allocation.client_status == "pending" {
        allocation.client_status = "running";
        for state in allocation.tasks.values_mut() {
            state.start(now);
        }
    }
    match fate {
        Some((_, Fate::Stalled)) => {}
        Some(_) => allocation.healthy = is_rolled.then_some(false),
        None if is_batch(allocation) => {
            allocation.client_status = "complete";
            for state in allocation.tasks.values_mut() {
                state.end(false, "Terminated", "Exit Code: 0", now);
            }
        }
        None => allocation.healthy = is_rolled.then_some(true),
    }
    allocation.judged_at = now;
    allocation.modify_index = index;
    allocation.modify_time = now;
}

fn fail_to_start(allocation: &mut Allocation, failed_task: &str, message: &str, now: u64) {
    allocation.client_status = "failed";
    for (task, state) in &mut allocation.tasks {
        if task == failed_task {
            state.end(true, "Driver Failure", message, now);
        } else {
            state.end(false, "Sibling Task Failed", "Task's sibling failed", now);
        }
    }
}
