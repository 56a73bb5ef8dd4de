use registrywatcher::ports::{DeployError, Source};
use registrywatcher::text::innermost;
use registrywatcher::watch::Workload;
use reqwest::StatusCode;

/// Why a request to Nomad has no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// What was asked for does not exist.
    #[error("nomad answers {0}")]
    NotFound(String),
    /// The token may not do this.
    #[error("nomad answers {0}; give the token `read-job` and `submit-job` in the job's namespace")]
    Denied(String),
    /// Somebody else registered the job since it was read.
    #[error("nomad answers {0}")]
    Conflict(String),
    /// The request is wrong, or the job is not valid.
    #[error("nomad answers {0}")]
    Rejected(String),
    /// An error that Nomad does not explain; it may or may not pass.
    #[error("nomad answers {0}")]
    Failed(String),
    /// Nomad cannot be reached or has no leader; a write may have been done nevertheless.
    #[error("{problem}")]
    Unavailable {
        problem: String,
        source: Option<Source>,
    },
}

/// Texts of a 500 after which the same request may succeed. Nomad answers 500 to nearly everything, also to a job that
/// is not valid, so the status alone says nothing.
const PASSING: [&str; 9] = [
    "No cluster leader",
    "Not ready to serve consistent reads",
    "No path to region",
    "rpc error: EOF",
    "eval broker disabled",
    "leadership lost while committing log",
    "node is not the leader",
    "i/o timeout",
    "connection refused",
];

/// How much of an answer's text goes into a message.
const MAX_TEXT: usize = 500;

impl ApiError {
    pub(crate) fn of_answer(status: StatusCode, body: &str) -> Self {
        let text: String = body.trim().chars().take(MAX_TEXT).collect();
        let said = format!("{}: {text}", status.as_u16());
        match status.as_u16() {
            404 => Self::NotFound(said),
            401 | 403 => Self::Denied(said),
            429 | 502..=504 => Self::Unavailable {
                problem: format!("nomad answers {said}"),
                source: None,
            },
            500 if text.contains("Enforcing job modify index") => Self::Conflict(said),
            500 if PASSING.iter().any(|passing| text.contains(passing)) => Self::Unavailable {
                problem: format!("nomad answers {said}"),
                source: None,
            },
            500 => Self::Failed(said),
            _ => Self::Rejected(said),
        }
    }

    pub(crate) fn of_transport(error: reqwest::Error) -> Self {
        let problem = if error.is_timeout() {
            "nomad did not answer in time"
        } else if error.is_connect() {
            "nomad cannot be reached"
        } else {
            "the exchange with nomad broke off"
        };
        let error = error.without_url();
        Self::Unavailable {
            problem: format!("{problem}: {}", innermost(&error)),
            source: Some(error.into()),
        }
    }

    /// Whether the same request may be answered later.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// What a failed read means for `workload`.
    pub(crate) fn about(self, workload: &Workload) -> DeployError {
        let workload = workload.clone();
        let problem = self.to_string();
        match self {
            Self::NotFound(_) => DeployError::WorkloadNotFound { workload, problem },
            Self::Denied(_) | Self::Rejected(_) => DeployError::Refused { workload, problem },
            Self::Conflict(_) | Self::Failed(_) => DeployError::Unavailable {
                workload,
                problem,
                source: None,
            },
            Self::Unavailable { problem, source } => DeployError::Unavailable {
                workload,
                problem,
                source,
            },
        }
    }

    /// What a failed registration means for `workload`: a 500 without a known text is a job that is not valid.
    pub(crate) fn about_registration(self, workload: &Workload) -> DeployError {
        match self {
            Self::Failed(said) => DeployError::Refused {
                workload: workload.clone(),
                problem: format!("nomad answers {said}"),
            },
            other => other.about(workload),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use registrywatcher_conformance::samples::workload;

    #[track_caller]
    fn is(status: u16, body: &str, expected: fn(&ApiError) -> bool) {
        let error = ApiError::of_answer(StatusCode::from_u16(status).unwrap(), body);
        assert!(expected(&error), "{status} {body}: {error:?}");
    }

    #[test]
    fn errors_are_told_apart_by_their_text_because_nearly_all_are_500() {
        is(
            500,
            "Enforcing job modify index 7: job exists with conflicting job modify index: 9",
            |e| matches!(e, ApiError::Conflict(_)),
        );
        is(500, "No cluster leader", ApiError::is_transient);
        is(
            500,
            "rpc error: leadership lost while committing log",
            ApiError::is_transient,
        );
        is(500, "1 error occurred:\n\t* Missing job datacenters", |e| {
            matches!(e, ApiError::Failed(_))
        });
        is(429, "", ApiError::is_transient);
        is(503, "", ApiError::is_transient);
        is(403, "Permission denied", |e| {
            matches!(e, ApiError::Denied(_))
        });
        is(404, "job not found", |e| matches!(e, ApiError::NotFound(_)));
        is(400, "bad", |e| matches!(e, ApiError::Rejected(_)));
    }

    #[test]
    fn a_500_without_a_known_text_is_no_retry_for_a_registration() {
        let invalid = || ApiError::of_answer(StatusCode::INTERNAL_SERVER_ERROR, "1 error occurred");
        let web = workload("nomad", &[("job", "web")]);
        assert!(matches!(
            invalid().about_registration(&web),
            DeployError::Refused { .. }
        ));
        assert!(matches!(
            invalid().about(&web),
            DeployError::Unavailable { .. }
        ));
    }
}
