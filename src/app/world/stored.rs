use chrono::{DateTime, Utc};

use crate::deployment::Success;
use crate::image::Tag;
use crate::intent::Request;
use crate::ports::{WatchState, WorkloadState};
use crate::watch::Workload;

impl WatchState {
    /// What is stored of one workload.
    pub(in crate::app) fn of(&self, workload: &Workload) -> Option<&WorkloadState> {
        self.workloads
            .iter()
            .find(|stored| stored.workload == *workload)
    }

    /// What is stored of one workload, to be changed.
    pub(in crate::app) fn of_mut(&mut self, workload: &Workload) -> &mut WorkloadState {
        let index = self
            .workloads
            .iter()
            .position(|stored| stored.workload == *workload);
        let index = index.unwrap_or_else(|| {
            self.workloads.push(WorkloadState::new(workload.clone()));
            self.workloads.len() - 1
        });
        &mut self.workloads[index]
    }

    /// The newest request that is pending for `workload`.
    pub(in crate::app) fn request_for(
        &self,
        workload: &Workload,
        now: DateTime<Utc>,
    ) -> Option<&Request> {
        self.requests
            .iter()
            .rev()
            .find(|request| request.is_pending_for(workload) && request.expires_at > now)
    }

    /// The tag that was deployed last, to any workload.
    pub(in crate::app) fn last_deployed(&self) -> Option<&Tag> {
        let last: Option<&Success> = self
            .workloads
            .iter()
            .filter_map(|stored| stored.success.as_ref())
            .max_by_key(|s| s.at);
        last.map(|success| &success.candidate.tag)
    }
}

impl WorkloadState {
    /// A workload of which nothing is known yet.
    pub(in crate::app) fn new(workload: Workload) -> Self {
        Self {
            workload,
            adopted: None,
            success: None,
            failed: None,
            setback: None,
            last_automatic: None,
        }
    }
}
