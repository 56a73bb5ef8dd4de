use serde_json::Value;

/// How many tasks a service has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// So many.
    Replicated(u64),
    /// One on each node that is fit for it.
    Global,
    /// So many that run to their end.
    ReplicatedJob(u64),
    /// One that runs to its end on each node that is fit for it.
    GlobalJob,
}

impl Mode {
    pub(super) fn read(mode: &Value) -> Self {
        let is = |kind: &str| mode.get(kind).is_some_and(Value::is_object);
        let count = |kind: &str, key: &str| mode[kind][key].as_u64();
        if is("Global") {
            Self::Global
        } else if is("GlobalJob") {
            Self::GlobalJob
        } else if is("ReplicatedJob") {
            let total = count("ReplicatedJob", "TotalCompletions");
            let total = total.or_else(|| count("ReplicatedJob", "MaxConcurrent"));
            Self::ReplicatedJob(total.unwrap_or(1))
        } else {
            Self::Replicated(count("Replicated", "Replicas").unwrap_or(1))
        }
    }

    /// Whether its tasks are to come to an end.
    pub(crate) fn is_job(self) -> bool {
        matches!(self, Self::ReplicatedJob(_) | Self::GlobalJob)
    }
}
