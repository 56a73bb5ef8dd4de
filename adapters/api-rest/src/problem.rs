//! What went wrong: every error of the core and of the framework, mapped to what a client is told.

mod documented;
mod kind;
mod told;

use std::borrow::Cow;
use std::time::Duration;

use chrono::{DateTime, Utc};
use poem::error::ResponseError;
use poem::http::StatusCode;
use poem_openapi::error::{ParseParamError, ParsePathError, ParseRequestPayloadError};
use registrywatcher::app::{CommandError, ReplayError};
use registrywatcher::ports::{NotifyError, StoreError};

pub(crate) use documented::{Failure, Problems};
pub(crate) use kind::Kind;
pub(crate) use told::{Dialect, Message, Part, Problem};

/// Why a request is not answered as it should be, before it is put into words for the client.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{detail}")]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    pub(crate) detail: Cow<'static, str>,
    pub(crate) parts: Vec<Part>,
    pub(crate) retry_after: Option<Duration>,
    /// When what stands in the way has passed, if that is known.
    pub(crate) until: Option<DateTime<Utc>>,
}

impl Fault {
    pub(crate) fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            parts: Vec::new(),
            retry_after: None,
            until: None,
        }
    }

    /// Something in the request is not understood: `name`, because of `detail`.
    pub(crate) fn invalid(name: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self::new(Kind::Invalid, format!("`{name}`: {detail}")).with_part(name, detail)
    }

    pub(crate) fn unknown_watch(name: &str) -> Self {
        Self::new(Kind::UnknownWatch, format!("there is no watch `{name}`"))
    }

    /// Names one of several things that are wrong or missing.
    pub(crate) fn with_part(mut self, name: &str, detail: impl Into<String>) -> Self {
        self.parts.push(Part {
            name: name.to_owned(),
            detail: detail.into(),
        });
        self
    }
}

impl Fault {
    /// Names all things that are wrong instead of what was named so far, if there are any.
    pub(crate) fn with_parts(self, parts: Vec<Part>) -> Self {
        if parts.is_empty() {
            return self;
        }
        let told = parts
            .iter()
            .map(|part| format!("`{}`: {}", part.name, part.detail));
        let detail = told.collect::<Vec<_>>().join("; ");
        Self {
            detail: detail.into(),
            parts,
            ..self
        }
    }
}

impl ResponseError for Fault {
    fn status(&self) -> StatusCode {
        self.kind.status()
    }
}

impl From<CommandError> for Fault {
    fn from(error: CommandError) -> Self {
        let kind = match &error {
            CommandError::UnknownWatch { .. } => Kind::UnknownWatch,
            CommandError::UnknownWorkload { .. } => Kind::UnknownWorkload,
            CommandError::TagNotFound { .. } => Kind::TagNotFound,
            CommandError::NothingWanted { .. } => Kind::NothingWanted,
            CommandError::Registry(_) | CommandError::NotPolled { .. } => Kind::RegistryUnavailable,
            CommandError::Stale { .. } => Kind::LostRace,
            CommandError::Frozen { .. } => Kind::Frozen,
            CommandError::FreezeInThePast { .. } => {
                return Self::invalid("until", error.to_string());
            }
            CommandError::NothingBefore { .. } => Kind::NothingBefore,
            CommandError::NotQuarantined { .. } => Kind::NotQuarantined,
            CommandError::UnknownDeployment { .. } => Kind::UnknownDeployment,
            CommandError::Ended { .. } => Kind::AlreadyEnded,
            CommandError::AskedOtherwise { .. } => Kind::KeyReused,
            CommandError::AttendedElsewhere { .. } => Kind::AttendedElsewhere,
            CommandError::NotAwaitingPromotion { .. } => Kind::NotAwaitingPromotion,
            CommandError::CannotPromote { .. } => Kind::CannotPromote,
            CommandError::OrchestratorUnavailable { .. } => Kind::OrchestratorUnavailable,
            CommandError::Store(error) => store_kind(error),
        };
        let retry_after = match &error {
            CommandError::Registry(error) => error.retry_after(),
            CommandError::NotPolled { retry_after, .. } => *retry_after,
            _ => None,
        };
        let until = match &error {
            CommandError::Frozen { freeze } => Some(freeze.until),
            _ => None,
        };
        Self {
            retry_after,
            until,
            ..Self::new(kind, error.to_string())
        }
    }
}

impl From<ReplayError> for Fault {
    fn from(error: ReplayError) -> Self {
        let kind = match &error {
            ReplayError::UnknownSink { .. } => Kind::UnknownSink,
            ReplayError::NotFound { .. } => Kind::UnknownDeadLetter,
            ReplayError::Sink(NotifyError::Rejected { .. }) => Kind::SinkRefused,
            ReplayError::Sink(NotifyError::Unavailable { .. }) => Kind::SinkUnavailable,
            ReplayError::Store(error) => store_kind(error),
        };
        let retry_after = match &error {
            ReplayError::Sink(NotifyError::Unavailable { retry_after, .. }) => *retry_after,
            _ => None,
        };
        Self {
            retry_after,
            ..Self::new(kind, error.to_string())
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::new(store_kind(&error), error.to_string())
    }
}

fn store_kind(error: &StoreError) -> Kind {
    match error {
        StoreError::Conflict { .. } | StoreError::LeaseLost { .. } | StoreError::UnitBusy => {
            Kind::LostRace
        }
        StoreError::Corrupt { .. } => Kind::Internal,
        StoreError::Unavailable { .. } => Kind::StoreUnavailable,
    }
}

impl From<poem::Error> for Fault {
    /// Takes our own faults as they are, and finds the kind of those that the framework raised.
    fn from(error: poem::Error) -> Self {
        if let Some(fault) = error.downcast_ref::<Self>() {
            return fault.clone();
        }
        if let Some(ParseParamError { name, reason }) = error.downcast_ref() {
            return Self::invalid(name, reason);
        }
        if let Some(ParsePathError { reason, .. }) = error.downcast_ref() {
            // The framework numbers the parts of a path.
            return Self::invalid("path", reason);
        }
        if let Some(ParseRequestPayloadError { reason }) = error.downcast_ref() {
            return Self::invalid("body", reason);
        }
        Self::new(Kind::of_status(error.status()), error.to_string())
    }
}
