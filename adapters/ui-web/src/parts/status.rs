use askama::Template;
use askama::filters::HtmlSafe;
use registrywatcher::app::WatchStatus;
use registrywatcher::deployment::State;

/// How something is: told by a shape, a word and a colour, so that none of them is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Good,
    Bad,
    Held,
    Busy,
    Waiting,
    Quiet,
}

impl Look {
    /// The name of its shape and its colour.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Held => "held",
            Self::Busy => "busy",
            Self::Waiting => "waiting",
            Self::Quiet => "quiet",
        }
    }

    pub(crate) fn of_state(state: &State) -> Self {
        match state {
            State::Requested => Self::Quiet,
            State::Applying { .. } | State::Rolling { .. } => Self::Busy,
            State::AwaitingPromotion { .. } => Self::Waiting,
            State::Succeeded { .. } => Self::Good,
            State::Failed { .. } => Self::Bad,
            State::Superseded { .. } | State::Abandoned { .. } => Self::Held,
        }
    }

    pub(crate) fn of_status(status: WatchStatus) -> Self {
        match status {
            WatchStatus::Deploying => Self::Busy,
            WatchStatus::Failed => Self::Bad,
            WatchStatus::Held => Self::Held,
            WatchStatus::Unknown => Self::Quiet,
            WatchStatus::UpToDate => Self::Good,
        }
    }
}

/// A look, and the word for it.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(
    source = r##"<span class="badge {{ look.name() }}"><svg class="icon" aria-hidden="true"><use href="#i-{{ look.name() }}"/></svg>{{ word }}</span>"##,
    ext = "html"
)]
pub(crate) struct Badge {
    pub(crate) look: Look,
    pub(crate) word: String,
}

impl HtmlSafe for Badge {}

impl Badge {
    pub(crate) fn new(look: Look, word: impl Into<String>) -> Self {
        Self {
            look,
            word: word.into(),
        }
    }

    pub(crate) fn of_status(status: WatchStatus) -> Self {
        Self::new(Look::of_status(status), word_of(status))
    }

    pub(crate) fn of_state(state: &State) -> Self {
        let word = match state {
            State::Requested => "waits its turn",
            State::Applying { .. } => "being asked for",
            State::Rolling { .. } => "rolling out",
            State::AwaitingPromotion { .. } => "awaits promotion",
            State::Succeeded { .. } => "succeeded",
            State::Failed { .. } => "failed",
            State::Superseded { .. } => "superseded",
            State::Abandoned { .. } => "given up",
        };
        Self::new(Look::of_state(state), word)
    }
}

/// The word for a status.
pub(crate) fn word_of(status: WatchStatus) -> &'static str {
    match status {
        WatchStatus::Deploying => "deploying",
        WatchStatus::Failed => "failed",
        WatchStatus::Held => "held",
        WatchStatus::Unknown => "not known",
        WatchStatus::UpToDate => "up to date",
    }
}
