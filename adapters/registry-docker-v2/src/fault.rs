use std::sync::Arc;
use std::time::Duration;

use registrywatcher::image::Repository;
use registrywatcher::ports::{CredentialsError, RegistryError, Source};
use registrywatcher::text::innermost;

/// What went wrong, before it is known of which repository.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    NotFound,
    Unauthorized(String),
    /// The registry asks to be left alone for a while.
    RateLimited(Duration),
    Invalid(String),
    Unavailable {
        problem: String,
        source: Option<Arc<reqwest::Error>>,
        /// Whether another attempt right away may help.
        may_pass: bool,
    },
}

impl Fault {
    pub(crate) fn unavailable(problem: impl Into<String>) -> Self {
        Self::Unavailable {
            problem: problem.into(),
            source: None,
            may_pass: false,
        }
    }

    /// No answer: the connection failed or broke, or the time is over.
    pub(crate) fn no_answer(error: reqwest::Error) -> Self {
        // The address may hold an account's name, and says nothing that the repository does not.
        let error = error.without_url();
        let problem = if error.is_connect() {
            "it cannot be connected to"
        } else if error.is_timeout() {
            "it did not answer in time"
        } else {
            "the connection broke"
        };
        Self::Unavailable {
            may_pass: error.is_connect() || !error.is_timeout(),
            problem: format!("{problem}: {}", innermost(&error)),
            source: Some(Arc::new(error)),
        }
    }

    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::Unavailable { may_pass: true, .. })
    }

    /// The same as the port tells it.
    pub(crate) fn of(self, repository: &Repository) -> RegistryError {
        let repository = repository.clone();
        match self {
            Self::NotFound => RegistryError::NotFound { repository },
            Self::Unauthorized(reason) => RegistryError::Unauthorized { repository, reason },
            Self::RateLimited(retry_after) => RegistryError::RateLimited {
                repository,
                retry_after,
            },
            Self::Invalid(problem) => RegistryError::Invalid {
                repository,
                problem,
            },
            Self::Unavailable {
                problem, source, ..
            } => RegistryError::Unavailable {
                repository,
                problem,
                source: source.map(|source| Box::new(source) as Source),
            },
        }
    }
}

impl From<CredentialsError> for Fault {
    fn from(error: CredentialsError) -> Self {
        match error {
            CredentialsError::Unreadable { .. } => Self::Unauthorized(error.to_string()),
            CredentialsError::Helper { .. } => Self::unavailable(error.to_string()),
        }
    }
}
