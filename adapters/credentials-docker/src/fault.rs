use registrywatcher::image::RegistryHost;
use registrywatcher::ports::CredentialsError;

use crate::source::Place;

/// Why a credential could not be had, before it is said for which registry.
#[derive(Debug)]
pub(crate) enum Fault {
    /// A file or variable cannot be used; the problem never quotes its content.
    Unreadable(String),
    /// A credential helper failed.
    Helper { program: String, problem: String },
}

impl Fault {
    /// Names the place in which something unreadable stands.
    pub(crate) fn in_place(self, place: &Place) -> Self {
        match self {
            Self::Unreadable(problem) => Self::Unreadable(format!("{place}: {problem}")),
            Self::Helper { .. } => self,
        }
    }

    pub(crate) fn of(self, registry: &RegistryHost) -> CredentialsError {
        let registry = registry.clone();
        match self {
            Self::Unreadable(problem) => CredentialsError::Unreadable { registry, problem },
            Self::Helper { program, problem } => CredentialsError::Helper {
                registry,
                helper: program,
                problem,
            },
        }
    }
}
