use std::time::Duration;

use http::StatusCode;
use kube::client::AuthError;
use registrywatcher::ports::{DeployError, Source};
use registrywatcher::text::innermost;
use registrywatcher::watch::Workload;
use serde::Deserialize;

/// Why a request to the API server has no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// What was asked for does not exist.
    #[error("kubernetes answers {0}")]
    NotFound(String),
    /// The credentials are not believed; they may have expired meanwhile.
    #[error("kubernetes answers {0}; look at the credentials of the kubeconfig or service account")]
    Unauthenticated(String),
    /// The credentials may not do this.
    #[error(
        "kubernetes answers {0}; give it the verbs `get` and `patch` on the object in its namespace"
    )]
    Denied(String),
    /// Somebody else changed the object since it was read.
    #[error("kubernetes answers {0}")]
    Conflict(String),
    /// The list of which a page was asked for is no longer kept.
    #[error("kubernetes answers {0}")]
    Expired(String),
    /// The request is wrong, or the object would not be valid.
    #[error("kubernetes answers {0}")]
    Rejected(String),
    /// The API server cannot be reached or is not well; a write may have been done nevertheless.
    #[error("{problem}")]
    Unavailable {
        problem: String,
        source: Option<Source>,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
}

/// What the API server says of a request that failed. A proxy in front of it says something else.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    message: String,
    reason: String,
}

/// How much of an answer's text goes into a message.
const MAX_TEXT: usize = 500;

impl ApiError {
    pub(crate) fn of_answer(
        status: StatusCode,
        body: &[u8],
        retry_after: Option<Duration>,
    ) -> Self {
        let said = said(status, body);
        match status.as_u16() {
            404 => Self::NotFound(said),
            401 => Self::Unauthenticated(said),
            403 => Self::Denied(said),
            409 => Self::Conflict(said),
            410 => Self::Expired(said),
            429 | 500.. => Self::Unavailable {
                problem: format!("kubernetes answers {said}"),
                source: None,
                retry_after,
            },
            _ => Self::Rejected(said),
        }
    }

    pub(crate) fn unavailable(problem: impl Into<String>) -> Self {
        Self::Unavailable {
            problem: problem.into(),
            source: None,
            retry_after: None,
        }
    }

    /// Of an exchange that broke off, or of credentials that could not be had.
    pub(crate) fn of_exchange(error: kube::Error) -> Self {
        let error = match error {
            kube::Error::Auth(error) => return Self::of_auth(&error),
            kube::Error::Service(error) => match error.downcast::<AuthError>() {
                Ok(error) => return Self::of_auth(&error),
                Err(error) => kube::Error::Service(error),
            },
            other => other,
        };
        Self::Unavailable {
            problem: format!("kubernetes cannot be reached: {}", innermost(&error)),
            source: Some(error.into()),
            retry_after: None,
        }
    }

    /// Of credentials that could not be had. Not as `kube` tells it: that has the plugin's environment and all that it has
    /// printed, and there may be tokens in both.
    fn of_auth(error: &AuthError) -> Self {
        let why = match error {
            AuthError::AuthExecRun { out, .. } => format!("the plugin ended with {}", out.status),
            AuthError::AuthExecParse(_) => {
                "the plugin printed no credentials that can be read".to_owned()
            }
            AuthError::AuthExecStart(error) => format!("the plugin does not start: {error}"),
            AuthError::ReadTokenFile(error, path) => {
                format!("the token in {} cannot be read: {error}", path.display())
            }
            _ => "look at the user of the kubeconfig".to_owned(),
        };
        Self::unavailable(format!("there are no credentials for kubernetes: {why}"))
    }

    /// How long to wait before the next attempt; `None` if there is no use in one.
    pub(crate) fn retry_after(&self, pause: Duration) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => Some(retry_after.unwrap_or(pause).max(pause)),
            _ => None,
        }
    }

    /// What a failed request means for `workload`.
    pub(crate) fn about(self, workload: &Workload) -> DeployError {
        let workload = workload.clone();
        let problem = self.to_string();
        match self {
            Self::NotFound(_) => DeployError::WorkloadNotFound { workload, problem },
            Self::Unauthenticated(_) | Self::Denied(_) | Self::Rejected(_) => {
                DeployError::Refused { workload, problem }
            }
            Self::Conflict(_) | Self::Expired(_) => DeployError::Unavailable {
                workload,
                problem,
                source: None,
            },
            Self::Unavailable { source, .. } => DeployError::Unavailable {
                workload,
                problem,
                source,
            },
        }
    }
}

fn said(status: StatusCode, body: &[u8]) -> String {
    let shorten = |text: &str| text.trim().chars().take(MAX_TEXT).collect::<String>();
    let code = status.as_u16();
    match serde_json::from_slice::<Status>(body) {
        Ok(status) if !status.message.is_empty() => {
            format!("{code} {}: {}", status.reason, shorten(&status.message))
        }
        _ => format!("{code}: {}", shorten(&String::from_utf8_lossy(body))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use registrywatcher_conformance::samples::workload;
    use serde_json::json;

    fn answer(code: u16, reason: &str) -> DeployError {
        let body =
            json!({ "kind": "Status", "status": "Failure", "reason": reason, "message": "no" });
        let status = StatusCode::from_u16(code).unwrap();
        ApiError::of_answer(status, body.to_string().as_bytes(), None)
            .about(&workload("kubernetes", &[("name", "web")]))
    }

    #[test]
    fn a_status_decides_what_an_error_means() {
        for (code, reason) in [
            (401, "Unauthorized"),
            (403, "Forbidden"),
            (422, "Invalid"),
            (400, "BadRequest"),
        ] {
            let error = answer(code, reason);
            assert!(matches!(error, DeployError::Refused { .. }), "{error}");
            assert!(error.to_string().contains(reason), "{error}");
        }
        for (code, reason) in [
            (409, "Conflict"),
            (429, "TooManyRequests"),
            (500, "InternalError"),
            (503, "ServiceUnavailable"),
            (504, "Timeout"),
        ] {
            let error = answer(code, reason);
            assert!(error.is_transient(), "{error}");
        }
        let error = answer(404, "NotFound");
        assert!(matches!(error, DeployError::WorkloadNotFound { .. }));
    }

    #[test]
    fn a_proxy_s_page_is_told_as_it_is_but_shortened() {
        let page = "<html>".repeat(1000);
        let error = ApiError::of_answer(StatusCode::BAD_GATEWAY, page.as_bytes(), None);
        assert!(error.to_string().len() < 600, "{error}");
    }
}
