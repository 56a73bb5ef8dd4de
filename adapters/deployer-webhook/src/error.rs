use registrywatcher::ports::{BuildError, DeployError, Source};
use registrywatcher::text::innermost;
use registrywatcher::watch::Workload;

/// Why a receiver gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// What is presented to it is no good.
    #[error("{0}")]
    Unpresentable(String),
    /// It cannot be reached, or does not answer; what was asked for may be done nevertheless.
    #[error("{problem}")]
    Unavailable {
        problem: String,
        source: Option<Source>,
    },
}

impl CallError {
    pub(crate) fn of_transport(error: reqwest::Error) -> Self {
        let problem = if error.is_timeout() {
            "the receiver did not answer in time"
        } else if error.is_connect() {
            "the receiver cannot be reached"
        } else {
            "the exchange with the receiver broke off"
        };
        let error = error.without_url();
        Self::Unavailable {
            problem: format!("{problem}: {}", innermost(&error)),
            source: Some(error.into()),
        }
    }

    pub(crate) fn about(self, workload: &Workload) -> DeployError {
        match self {
            Self::Unpresentable(problem) => refused(workload, problem),
            Self::Unavailable { problem, source } => DeployError::Unavailable {
                workload: workload.clone(),
                problem,
                source,
            },
        }
    }
}

pub(crate) fn refused(workload: &Workload, problem: String) -> DeployError {
    DeployError::Refused {
        workload: workload.clone(),
        problem,
    }
}

pub(crate) fn unavailable(workload: &Workload, problem: String) -> DeployError {
    DeployError::Unavailable {
        workload: workload.clone(),
        problem,
        source: None,
    }
}

pub(crate) fn fault(setting: &str, problem: impl Into<String>) -> BuildError {
    BuildError {
        setting: setting.to_owned(),
        problem: problem.into(),
    }
}
