use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    time::Duration,
};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    allocation::Allocation,
    deployment::Deployment,
    evaluation::Evaluation,
    job,
    rules::ImageRule,
    settings::{NomadFaults, NomadSettings},
};

/// A job's name in the whole cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct JobKey {
    pub(super) namespace: String,
    pub(super) id: String,
}

impl JobKey {
    pub(super) fn new(namespace: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            id: id.into(),
        }
    }
}

/// A change that somebody else makes to a job.
pub(super) type Edit = Box<dyn FnOnce(&mut Value) + Send>;

/// The tables of the state store that have an index of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Table {
    Jobs,
    Evaluations,
    Deployments,
    Allocations,
}

/// Something that the cluster does by itself after a while.
#[derive(Debug)]
pub(super) enum Step {
    Evaluate { evaluation: String },
    CheckHealth { allocations: Vec<String> },
    Deadline { deployment: String },
}

/// The state store of the cluster, and how the cluster behaves.
#[derive(Default)]
pub(super) struct State {
    pub(super) settings: NomadSettings,
    pub(super) faults: NomadFaults,
    pub(super) rules: Vec<ImageRule>,
    pub(super) full: bool,
    /// How far the index that is reported lies behind, since a snapshot was restored.
    pub(super) index_behind: u64,
    pub(super) restores: u64,
    pub(super) registrations: u64,
    pub(super) calls: u64,
    pub(super) edits_before_register: Vec<(JobKey, Edit)>,
    /// Each job's versions, oldest first.
    pub(super) jobs: BTreeMap<JobKey, Vec<Value>>,
    pub(super) evaluations: Vec<Evaluation>,
    pub(super) deployments: Vec<Deployment>,
    pub(super) allocations: Vec<Allocation>,
    /// What is due, until it is scheduled.
    pub(super) due: Vec<(Duration, Step)>,
    index: u64,
    table_indexes: HashMap<Table, u64>,
    ids: u64,
}

impl fmt::Debug for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("State")
            .field("index", &self.index)
            .field("jobs", &self.jobs.keys())
            .finish_non_exhaustive()
    }
}

impl State {
    /// The index of the next write, which touches `tables`.
    pub(super) fn write(&mut self, tables: &[Table]) -> u64 {
        self.index = self.index.max(9) + 1;
        for table in tables {
            self.table_indexes.insert(*table, self.index);
        }
        self.index
    }

    /// Differs when something was written or restored since.
    pub(super) fn epoch(&self) -> (u64, u64) {
        (self.index, self.restores)
    }

    pub(super) fn index_of(&self, table: Table) -> u64 {
        self.table_indexes.get(&table).copied().unwrap_or(1)
    }

    /// An index as it is reported.
    pub(super) fn reported(&self, index: u64) -> u64 {
        index.saturating_sub(self.index_behind).max(1)
    }

    pub(super) fn new_id(&mut self) -> String {
        self.ids += 1;
        let digest = Sha256::digest(self.ids.to_be_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Uuid::from_bytes(bytes).to_string()
    }

    pub(super) fn later(&mut self, after: Duration, step: Step) {
        self.due.push((after, step));
    }

    pub(super) fn job(&self, key: &JobKey) -> Option<&Value> {
        self.jobs.get(key)?.last()
    }

    pub(super) fn job_version(&self, key: &JobKey, version: u64) -> Option<&Value> {
        let versions = self.jobs.get(key)?.iter();
        versions.rev().find(|job| job::version(job) == version)
    }

    /// Changes what is not the specification: `ModifyIndex` moves, `JobModifyIndex` stays.
    pub(super) fn touch_job(
        &mut self,
        key: &JobKey,
        version: u64,
        change: impl FnOnce(&mut Value),
    ) -> u64 {
        let index = self.write(&[Table::Jobs]);
        let versions = self.jobs.get_mut(key).into_iter().flatten();
        if let Some(job) = versions.rev().find(|job| job::version(job) == version) {
            change(job);
            job["ModifyIndex"] = index.into();
        }
        index
    }

    pub(super) fn set_job_status(&mut self, key: &JobKey, status: &str) {
        let Some(job) = self.job(key).filter(|job| job["Status"] != status) else {
            return;
        };
        let version = job::version(job);
        self.touch_job(key, version, |job| job["Status"] = status.into());
    }

    pub(super) fn evaluation(&mut self, id: &str) -> Option<&mut Evaluation> {
        self.evaluations.iter_mut().find(|known| known.id == id)
    }

    pub(super) fn deployment(&self, id: &str) -> Option<&Deployment> {
        self.deployments.iter().find(|known| known.id == id)
    }

    pub(super) fn deployment_mut(&mut self, id: &str) -> Option<&mut Deployment> {
        self.deployments.iter_mut().find(|known| known.id == id)
    }

    pub(super) fn allocation_mut(&mut self, id: &str) -> Option<&mut Allocation> {
        self.allocations.iter_mut().find(|known| known.id == id)
    }
}
