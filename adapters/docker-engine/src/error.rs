use registrywatcher::ports::{DeployError, DiscoverError, Source};
use registrywatcher::text::innermost;
use registrywatcher::watch::Workload;
use reqwest::StatusCode;

/// Why a request to Docker has no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// What was asked for does not exist.
    #[error("docker answers {0}")]
    NotFound(String),
    /// Somebody else has changed it since it was read, its name is taken, or it is in another state than is needed.
    #[error("docker answers {0}")]
    Conflict(String),
    /// The node does not manage a swarm.
    #[error("docker answers {0}; name a manager of the swarm in `address`")]
    NoManager(String),
    /// The request is wrong, or not allowed.
    #[error("docker answers {0}")]
    Rejected(String),
    /// What was asked for was tried and failed.
    #[error("docker answers {0}")]
    Failed(String),
    /// Docker cannot be reached; a change may have been made nevertheless.
    #[error("{problem}")]
    Unavailable {
        /// What went wrong.
        problem: String,
        /// Its cause, where there is one.
        #[source]
        source: Option<Source>,
    },
}

/// How much of an answer's text goes into a message.
const MAX_TEXT: usize = 500;

impl ApiError {
    /// Reads an answer that is no success; its body is `{"message": "…"}`.
    pub fn of_answer(status: StatusCode, body: &str) -> Self {
        let message = serde_json::from_str::<serde_json::Value>(body)
            .ok()
            .and_then(|body| body.get("message")?.as_str().map(str::to_owned));
        let text: String = message
            .as_deref()
            .unwrap_or(body)
            .trim()
            .chars()
            .take(MAX_TEXT)
            .collect();
        let said = format!("{}: {text}", status.as_u16());
        if said.contains("update out of sequence") {
            return Self::Conflict(said);
        }
        if said.contains("not a swarm manager") {
            return Self::NoManager(said);
        }
        match status.as_u16() {
            404 => Self::NotFound(said),
            409 => Self::Conflict(said),
            502..=504 | 429 => Self::Unavailable {
                problem: format!("docker answers {said}"),
                source: None,
            },
            500.. => Self::Failed(said),
            _ => Self::Rejected(said),
        }
    }

    /// Reads why there is no answer.
    pub fn of_transport(error: reqwest::Error) -> Self {
        let problem = if error.is_timeout() {
            "docker did not answer in time"
        } else if error.is_connect() {
            "docker cannot be reached"
        } else {
            "the exchange with docker broke off"
        };
        let error = error.without_url();
        Self::Unavailable {
            problem: format!("{problem}: {}", innermost(&error)),
            source: Some(error.into()),
        }
    }

    /// An answer that is not what the API promises.
    pub fn malformed(what: &str) -> Self {
        Self::Unavailable {
            problem: format!("docker's answer has no {what}"),
            source: None,
        }
    }

    /// What a failed request means where workloads are looked for.
    pub fn of_discovery(self) -> DiscoverError {
        let problem = self.to_string();
        let source = match self {
            Self::Unavailable { source, .. } => source,
            _ => None,
        };
        DiscoverError { problem, source }
    }

    /// What a failed request means for `workload`.
    pub fn about(self, workload: &Workload) -> DeployError {
        let workload = workload.clone();
        let problem = self.to_string();
        match self {
            Self::NotFound(_) => DeployError::WorkloadNotFound { workload, problem },
            Self::NoManager(_) | Self::Rejected(_) => DeployError::Refused { workload, problem },
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(status: u16, body: &str, expected: fn(&ApiError) -> bool) {
        let error = ApiError::of_answer(StatusCode::from_u16(status).unwrap(), body);
        assert!(expected(&error), "{status} {body}: {error:?}");
    }

    #[test]
    fn errors_are_told_apart_by_their_status_and_dockers_words() {
        is(
            404,
            r#"{"message":"service web not found"}"#,
            |e| matches!(e, ApiError::NotFound(said) if said == "404: service web not found"),
        );
        is(
            500,
            r#"{"message":"rpc error: code = Unknown desc = update out of sequence"}"#,
            |e| matches!(e, ApiError::Conflict(_)),
        );
        is(
            503,
            r#"{"message":"This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state."}"#,
            |e| matches!(e, ApiError::NoManager(_)) && e.to_string().contains("name a manager"),
        );
        is(
            503,
            r#"{"message":"The swarm does not have a leader."}"#,
            |e| matches!(e, ApiError::Unavailable { .. }),
        );
        is(
            404,
            r#"{"message":"No such container: web"}"#,
            |e| matches!(e, ApiError::NotFound(said) if said == "404: No such container: web"),
        );
        is(409, "{}", |e| matches!(e, ApiError::Conflict(_)));
        is(
            400,
            r#"{"message":"client version 1.24 is too old"}"#,
            |e| matches!(e, ApiError::Rejected(_)),
        );
        is(
            500,
            "port is already allocated",
            |e| matches!(e, ApiError::Failed(said) if said.contains("allocated")),
        );
        is(503, "", |e| matches!(e, ApiError::Unavailable { .. }));
    }
}
