use serde_json::Value;

use super::{
    allocation::Allocation,
    error::ApiError,
    job,
    state::{JobKey, State, Table},
};
use crate::clock;

/// A job as somebody wants it.
#[derive(Debug)]
pub(super) struct Registration {
    pub(super) job: Value,
    /// The `JobModifyIndex` that the job must have; 0 means that it must not exist.
    pub(super) enforce_index: Option<u64>,
    pub(super) preserve_counts: bool,
}

/// What a registration came to.
#[derive(Debug)]
pub(super) struct Registered {
    /// `None` for a job that is launched later.
    pub(super) evaluation: Option<String>,
    pub(super) evaluation_index: u64,
    pub(super) job_modify_index: u64,
    pub(super) index: u64,
}

impl State {
    /// Registers a job: a new version and an evaluation where the specification changed, an evaluation alone otherwise.
    pub(super) fn register(
        &mut self,
        key: &JobKey,
        registration: Registration,
    ) -> Result<Registered, ApiError> {
        let mut wanted = registration.job;
        job::canonicalize(&mut wanted, key, &self.settings);
        validate(&wanted, &self.settings.namespaces, key)?;
        if let Some(enforced) = registration.enforce_index {
            enforce_index(enforced, self.job(key))?;
        }
        let launched_later = job::is_periodic(&wanted) || job::is_parameterized(&wanted);
        let Some(existing) = self.job(key) else {
            return Ok(self.register_version(key, wanted, launched_later));
        };
        validate_update(existing, &wanted)?;
        if registration.preserve_counts {
            preserve_counts(existing, &mut wanted);
        }
        if job::specification(existing) != job::specification(&wanted) {
            return Ok(self.register_version(key, wanted, launched_later));
        }
        let job_modify_index = job::number(existing, "ModifyIndex");
        if launched_later {
            return Ok(Registered {
                evaluation: None,
                evaluation_index: 0,
                job_modify_index,
                index: 0,
            });
        }
        let index = self.write(&[Table::Evaluations]);
        Ok(Registered {
            evaluation: Some(self.queue_evaluation(key, "job-register", index)),
            evaluation_index: index,
            job_modify_index,
            index,
        })
    }

    fn register_version(&mut self, key: &JobKey, job: Value, launched_later: bool) -> Registered {
        let index = self.add_version(key, job);
        let evaluation =
            (!launched_later).then(|| self.queue_evaluation(key, "job-register", index));
        Registered {
            evaluation_index: if evaluation.is_some() { index } else { 0 },
            evaluation,
            job_modify_index: index,
            index,
        }
    }

    /// Stores a job as its newest version, and returns the index of that write.
    pub(super) fn add_version(&mut self, key: &JobKey, mut job: Value) -> u64 {
        let index = self.write(&[Table::Jobs, Table::Evaluations]);
        let major = self.settings.version.split('.').next();
        let honours_version = major.and_then(|major| major.parse().ok()) >= Some(2);
        let existing = self.job(key);
        let next = existing.map_or(0, |existing| job::version(existing) + 1);
        let version = match job::version(&job) {
            asked if honours_version && asked > next => asked,
            _ => next,
        };
        let created = existing.map_or(index, |existing| job::number(existing, "CreateIndex"));
        let mut live = self.allocations.iter().filter(|known| known.key == *key);
        let launched_later = job::is_periodic(&job) || job::is_parameterized(&job);
        let running = launched_later || live.any(Allocation::is_running);
        job["Version"] = version.into();
        job["CreateIndex"] = created.into();
        job["ModifyIndex"] = index.into();
        job["JobModifyIndex"] = index.into();
        job["SubmitTime"] = clock::unix_nanos().into();
        job["Stable"] = false.into();
        job["Status"] = if running { "running" } else { "pending" }.into();
        job["StatusDescription"] = "".into();
        self.jobs.entry(key.clone()).or_default().push(job);
        index
    }

    /// Registers the specification of an older version anew.
    pub(super) fn revert(
        &mut self,
        key: &JobKey,
        version: u64,
        enforced_version: Option<u64>,
    ) -> Result<Registered, ApiError> {
        let Some(current) = self.job(key) else {
            return Err(ApiError::rpc(format!("job {:?} not found", key.id)));
        };
        let current_version = job::version(current);
        if version == current_version {
            return Err(ApiError::rpc("can't revert to current version"));
        }
        let enforce_index = enforced_version.map(|_| job::modify_index(current));
        let Some(older) = self.job_version(key, version) else {
            return Err(ApiError::rpc(format!(
                "job {:?} in namespace {:?} at version {version} not found",
                key.id, key.namespace
            )));
        };
        if let Some(enforced) = enforced_version.filter(|enforced| *enforced != current_version) {
            return Err(ApiError::rpc(format!(
                "Current job has version {current_version}; enforcing version {enforced}"
            )));
        }
        let mut job = older.clone();
        job["VersionTag"] = Value::Null;
        let registration = Registration {
            job,
            enforce_index,
            preserve_counts: false,
        };
        self.register(key, registration)
    }

    /// Marks a version as a target of automatic reverts, or takes the mark away.
    pub(super) fn set_stable(
        &mut self,
        key: &JobKey,
        version: u64,
        stable: bool,
    ) -> Result<u64, ApiError> {
        if self.job_version(key, version).is_none() {
            return Err(ApiError::rpc(format!(
                "job {:?} in namespace {:?} at version {version} not found",
                key.id, key.namespace
            )));
        }
        Ok(self.touch_job(key, version, |job| job["Stable"] = stable.into()))
    }

    /// Stops a job as a new version of it, or forgets it altogether.
    pub(super) fn deregister(&mut self, key: &JobKey, purge: bool) -> Registered {
        let mut index = self.write(&[Table::Jobs, Table::Evaluations]);
        if let Some(mut job) = self.job(key).cloned() {
            job["Stop"] = true.into();
            index = self.add_version(key, job);
        }
        let evaluation = self.queue_evaluation(key, "job-deregister", index);
        if purge {
            let running = self.allocations.iter().filter(|known| known.key == *key);
            let running: Vec<String> = running.map(|known| known.id.clone()).collect();
            self.stop_allocations(&running);
            self.jobs.remove(key);
        }
        Registered {
            evaluation: Some(evaluation),
            evaluation_index: index,
            job_modify_index: index,
            index,
        }
    }

    /// Applies an outside change to a job, as `nomad job run` would.
    pub(super) fn edit(&mut self, key: &JobKey, change: impl FnOnce(&mut Value)) -> Option<u64> {
        self.amend(key, |job| {
            job::forget_our_meta(job);
            change(job);
        })
    }

    /// Applies an outside change to a job as it is here.
    pub(super) fn amend(&mut self, key: &JobKey, change: impl FnOnce(&mut Value)) -> Option<u64> {
        let mut job = self.job(key)?.clone();
        change(&mut job);
        let registration = Registration {
            job,
            enforce_index: None,
            preserve_counts: false,
        };
        self.register(key, registration).ok()?;
        self.job(key).map(job::version)
    }

    /// Lets the editors come first who wait for the next registration of this job.
    pub(super) fn edit_before_register(&mut self, key: &JobKey) {
        let waiting = std::mem::take(&mut self.edits_before_register);
        let (now, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(job, _)| job == key);
        self.edits_before_register = later;
        for (_, change) in now {
            self.edit(key, change);
        }
    }
}

fn validate(job: &Value, namespaces: &[String], key: &JobKey) -> Result<(), ApiError> {
    if !namespaces.contains(&key.namespace) {
        let text = format!("nonexistent namespace {:?}", key.namespace);
        return Err(ApiError::rpc(text));
    }
    if job::groups(job).is_empty() {
        let text = "1 error occurred:\n\t* Missing job task groups\n\n";
        return Err(ApiError::rpc(text));
    }
    Ok(())
}

fn validate_update(existing: &Value, wanted: &Value) -> Result<(), ApiError> {
    let (old, new) = (job::kind(existing), job::kind(wanted));
    if old != new {
        let text = format!("cannot update job from type {old:?} to {new:?}");
        return Err(ApiError::rpc(text));
    }
    let both = |property: fn(&Value) -> bool| (property(existing), property(wanted));
    let properties = [
        (both(job::is_periodic), "periodic"),
        (both(job::is_parameterized), "parameterized"),
    ];
    for (before_and_after, word) in properties {
        let text = match before_and_after {
            (true, false) => format!("cannot update {word} job to being non-{word}"),
            (false, true) => format!("cannot update non-{word} job to being {word}"),
            _ => continue,
        };
        return Err(ApiError::rpc(text));
    }
    Ok(())
}

fn enforce_index(enforced: u64, existing: Option<&Value>) -> Result<(), ApiError> {
    let conflict = match existing.map(job::modify_index) {
        None if enforced == 0 => return Ok(()),
        None => "job does not exist".to_owned(),
        Some(_) if enforced == 0 => "job already exists".to_owned(),
        Some(actual) if actual == enforced => return Ok(()),
        Some(actual) => format!("job exists with conflicting job modify index: {actual}"),
    };
    let text = format!("Enforcing job modify index {enforced}: {conflict}");
    Err(ApiError::rpc(text))
}

fn preserve_counts(existing: &Value, wanted: &mut Value) {
    for group in job::groups_mut(wanted) {
        if let Some(known) = job::group(existing, job::name(group)) {
            group["Count"] = known["Count"].clone();
        }
    }
}
