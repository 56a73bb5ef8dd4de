use poem::http::StatusCode;

/// The kinds of problems. Their names are part of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Invalid,
    Unauthenticated,
    Forbidden,
    CrossSite,
    NoSuchPath,
    UnknownWatch,
    UnknownDeployment,
    NotQuarantined,
    UnknownSink,
    UnknownDeadLetter,
    MethodNotAllowed,
    LostRace,
    NothingWanted,
    NothingBefore,
    AlreadyEnded,
    NotAwaitingPromotion,
    CannotPromote,
    AttendedElsewhere,
    Frozen,
    PreconditionFailed,
    BodyTooLarge,
    UnsupportedMediaType,
    ForeignHost,
    UnknownWorkload,
    TagNotFound,
    KeyReused,
    TooManyFailedLogins,
    Internal,
    SinkRefused,
    RegistryUnavailable,
    OrchestratorUnavailable,
    StoreUnavailable,
    SinkUnavailable,
    TooManyStreams,
    NotReady,
    TimedOut,
}

impl Kind {
    pub(crate) const ALL: [Self; 36] = [
        Self::Invalid,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::CrossSite,
        Self::NoSuchPath,
        Self::UnknownWatch,
        Self::UnknownDeployment,
        Self::NotQuarantined,
        Self::UnknownSink,
        Self::UnknownDeadLetter,
        Self::MethodNotAllowed,
        Self::LostRace,
        Self::NothingWanted,
        Self::NothingBefore,
        Self::AlreadyEnded,
        Self::NotAwaitingPromotion,
        Self::CannotPromote,
        Self::AttendedElsewhere,
        Self::Frozen,
        Self::PreconditionFailed,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::ForeignHost,
        Self::UnknownWorkload,
        Self::TagNotFound,
        Self::KeyReused,
        Self::TooManyFailedLogins,
        Self::Internal,
        Self::SinkRefused,
        Self::RegistryUnavailable,
        Self::OrchestratorUnavailable,
        Self::StoreUnavailable,
        Self::SinkUnavailable,
        Self::TooManyStreams,
        Self::NotReady,
        Self::TimedOut,
    ];

    /// Its name: the last part of the problem's type, and a heading in `openapi/README.md`.
    pub(crate) fn name(self) -> &'static str {
        self.row().1
    }

    pub(crate) fn status(self) -> StatusCode {
        self.row().0
    }

    /// Whether the same request may be answered otherwise a little later; then it is said when to try again.
    pub(crate) fn passes(self) -> bool {
        let status = self.status();
        status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE
    }

    /// What it is, in one sentence that is the same every time.
    pub(crate) fn title(self) -> &'static str {
        self.row().2
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The kind of an error of the framework, of which only the status is known.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NoSuchPath,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            status if status.is_client_error() => Self::Invalid,
            _ => Self::Internal,
        }
    }

    #[expect(clippy::too_many_lines, reason = "it is a table")]
    fn row(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::Invalid => (S::BAD_REQUEST, "invalid", "The request is not understood."),
            Self::Unauthenticated => (
                S::UNAUTHORIZED,
                "unauthenticated",
                "A bearer token is needed.",
            ),
            Self::Forbidden => (S::FORBIDDEN, "forbidden", "The token does not allow this."),
            Self::CrossSite => (
                S::FORBIDDEN,
                "cross-site",
                "A page of another site sent this.",
            ),
            Self::NoSuchPath => (
                S::NOT_FOUND,
                "no-such-path",
                "There is nothing at this path.",
            ),
            Self::UnknownWatch => (S::NOT_FOUND, "unknown-watch", "There is no such watch."),
            Self::UnknownDeployment => (
                S::NOT_FOUND,
                "unknown-deployment",
                "There is no such deployment.",
            ),
            Self::NotQuarantined => (
                S::NOT_FOUND,
                "not-quarantined",
                "The deployment put no image into quarantine.",
            ),
            Self::UnknownSink => (S::NOT_FOUND, "unknown-sink", "There is no such sink."),
            Self::UnknownDeadLetter => (
                S::NOT_FOUND,
                "unknown-dead-letter",
                "There is no such dead letter.",
            ),
            Self::MethodNotAllowed => (
                S::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "The path has no such method.",
            ),
            Self::LostRace => (S::CONFLICT, "lost-race", "Somebody else was faster."),
            Self::NothingWanted => (S::CONFLICT, "nothing-wanted", "No tag is wanted."),
            Self::NothingBefore => (
                S::CONFLICT,
                "nothing-before",
                "There is nothing to go back to.",
            ),
            Self::AlreadyEnded => (
                S::CONFLICT,
                "already-ended",
                "The deployment has ended already.",
            ),
            Self::NotAwaitingPromotion => (
                S::CONFLICT,
                "not-awaiting-promotion",
                "The deployment does not wait to be promoted.",
            ),
            Self::CannotPromote => (
                S::CONFLICT,
                "cannot-promote",
                "The deployer cannot promote this.",
            ),
            Self::AttendedElsewhere => (
                S::CONFLICT,
                "attended-elsewhere",
                "Another replica attends to the watch.",
            ),
            Self::PreconditionFailed => (
                S::PRECONDITION_FAILED,
                "precondition-failed",
                "It is not as the request demands.",
            ),
            Self::KeyReused => (
                S::UNPROCESSABLE_ENTITY,
                "key-reused",
                "Something else was demanded under the same key.",
            ),
            Self::TooManyStreams => (
                S::SERVICE_UNAVAILABLE,
                "too-many-streams",
                "Too many event streams are open.",
            ),
            Self::Frozen => (S::CONFLICT, "frozen", "Deployments are frozen."),
            Self::BodyTooLarge => (
                S::PAYLOAD_TOO_LARGE,
                "body-too-large",
                "The body is too large.",
            ),
            Self::UnsupportedMediaType => (
                S::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "The body must be JSON.",
            ),
            Self::ForeignHost => (
                S::MISDIRECTED_REQUEST,
                "foreign-host",
                "Without tokens only a loopback host name is answered.",
            ),
            Self::UnknownWorkload => (
                S::UNPROCESSABLE_ENTITY,
                "unknown-workload",
                "The watch has no such workload.",
            ),
            Self::TagNotFound => (
                S::UNPROCESSABLE_ENTITY,
                "tag-not-found",
                "The registry does not have the tag.",
            ),
            Self::TooManyFailedLogins => (
                S::TOO_MANY_REQUESTS,
                "too-many-failed-logins",
                "Too many logins failed.",
            ),
            Self::Internal => (
                S::INTERNAL_SERVER_ERROR,
                "internal",
                "Something is broken here.",
            ),
            Self::SinkRefused => (S::BAD_GATEWAY, "sink-refused", "The sink refused it."),
            Self::RegistryUnavailable => (
                S::SERVICE_UNAVAILABLE,
                "registry-unavailable",
                "The registry could not be asked, and nothing was changed.",
            ),
            Self::OrchestratorUnavailable => (
                S::SERVICE_UNAVAILABLE,
                "orchestrator-unavailable",
                "The orchestrator could not be asked.",
            ),
            Self::StoreUnavailable => (
                S::SERVICE_UNAVAILABLE,
                "store-unavailable",
                "The store cannot be asked.",
            ),
            Self::SinkUnavailable => (
                S::SERVICE_UNAVAILABLE,
                "sink-unavailable",
                "The sink cannot take the event now.",
            ),
            Self::NotReady => (S::SERVICE_UNAVAILABLE, "not-ready", "Not ready yet."),
            Self::TimedOut => (S::SERVICE_UNAVAILABLE, "timed-out", "It took too long."),
        }
    }
}
