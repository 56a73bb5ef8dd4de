use registrywatcher::deployment::RolloutHandle;
use serde::{Deserialize, Serialize};

use crate::job::Job;

/// How a rollout is found again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Handle {
    pub(crate) namespace: String,
    pub(crate) job: String,
    /// The evaluation that the registration started, if it started one and we know it.
    pub(crate) evaluation: Option<String>,
    /// The index of the job's specification that the registration gave.
    pub(crate) job_modify_index: u64,
    /// The version that it gave.
    pub(crate) version: u64,
    /// Whether nothing was registered, because the tasks had the image already.
    #[serde(default)]
    pub(crate) unchanged: bool,
}

impl Handle {
    /// Of a job that stands as it was wanted.
    pub(crate) fn of(job: &Job, namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            job: job.id().to_owned(),
            evaluation: None,
            job_modify_index: job.job_modify_index(),
            version: job.version(),
            unchanged: false,
        }
    }

    pub(crate) fn read(handle: &RolloutHandle) -> Result<Self, String> {
        serde_json::from_str(&handle.0)
            .map_err(|error| format!("its handle cannot be read: {error}"))
    }

    pub(crate) fn write(&self) -> RolloutHandle {
        RolloutHandle(serde_json::json!(self).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_reads_back_as_it_was_written() {
        let handle = Handle {
            namespace: "default".into(),
            job: "a/b".into(),
            evaluation: Some("e".into()),
            job_modify_index: 1 << 60,
            version: 3,
            unchanged: false,
        };
        assert_eq!(Handle::read(&handle.write()), Ok(handle));
        assert!(
            Handle::read(&RolloutHandle("7".into()))
                .unwrap_err()
                .contains("cannot be read")
        );
    }
}
