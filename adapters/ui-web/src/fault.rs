use poem::error::ResponseError;
use poem::http::StatusCode;
use registrywatcher::app::CommandError;
use registrywatcher::ports::StoreError;

/// Why there is no page, or why nothing was done, in words for people.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{title} {detail}")]
pub(crate) struct Fault {
    pub(crate) status: StatusCode,
    pub(crate) title: &'static str,
    pub(crate) detail: String,
}

impl ResponseError for Fault {
    fn status(&self) -> StatusCode {
        self.status
    }
}

impl Fault {
    pub(crate) fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            title,
            detail: detail.into(),
        }
    }

    pub(crate) fn no_page() -> Self {
        let detail = "The address may be mistyped, or what it showed may be gone.";
        Self::new(StatusCode::NOT_FOUND, "There is no such page.", detail)
    }

    pub(crate) fn no_watch(name: &str) -> Self {
        let detail = format!("There is no watch `{name}`, or your token is not for it.");
        Self::new(StatusCode::NOT_FOUND, "There is no such watch.", detail)
    }

    pub(crate) fn no_deployment() -> Self {
        let detail = "There is no deployment of this identity, or your token is not for its watch.";
        Self::new(
            StatusCode::NOT_FOUND,
            "There is no such deployment.",
            detail,
        )
    }

    pub(crate) fn forbidden(detail: String) -> Self {
        Self::new(StatusCode::FORBIDDEN, "You may not do this.", detail)
    }

    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Something is missing or wrong.",
            detail,
        )
    }

    /// What was asked for was decided on a page that shows what is no longer so.
    pub(crate) fn stale() -> Self {
        let detail = "Somebody changed what is wanted of this watch after your page was made, so nothing was done. Go back, look at \
                      how it is now, and decide again.";
        Self::new(StatusCode::CONFLICT, "Your page was out of date.", detail)
    }

    pub(crate) fn broken_off() -> Self {
        let detail = "The log of the service says more.";
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something broke.",
            detail,
        )
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        tracing::warn!("a page cannot be made: {error}");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "The store cannot be asked.",
            sentence(&error.to_string()),
        )
    }
}

impl From<askama::Error> for Fault {
    fn from(error: askama::Error) -> Self {
        tracing::error!("a page cannot be rendered: {error}");
        Self::broken_off()
    }
}

impl From<CommandError> for Fault {
    fn from(error: CommandError) -> Self {
        let (status, title) = match &error {
            CommandError::Stale { .. } => return Self::stale(),
            CommandError::UnknownWatch { name } => return Self::no_watch(name.as_str()),
            CommandError::UnknownDeployment { .. } => return Self::no_deployment(),
            CommandError::TagNotFound { .. } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "The registry does not have this tag.",
            ),
            CommandError::Frozen { .. } => (StatusCode::CONFLICT, "Deployments are frozen."),
            CommandError::Ended { .. } | CommandError::NotAwaitingPromotion { .. } => {
                (StatusCode::CONFLICT, "It is too late for that.")
            }
            CommandError::Registry(_)
            | CommandError::NotPolled { .. }
            | CommandError::OrchestratorUnavailable { .. }
            | CommandError::AttendedElsewhere { .. }
            | CommandError::Store(_) => (StatusCode::SERVICE_UNAVAILABLE, "It cannot be done now."),
            _ => (StatusCode::UNPROCESSABLE_ENTITY, "It cannot be done."),
        };
        Self::new(status, title, sentence(&error.to_string()))
    }
}

/// An error, which is in lower case and has no end, as a sentence. What is no word, such as a tag, stays as it is written.
pub(crate) fn sentence(text: &str) -> String {
    let first = text.split([' ', ',', ':']).next().unwrap_or_default();
    let is_word = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_lowercase());
    let mut characters = text.chars();
    let first = characters.next().filter(|_| is_word);
    let rest = if is_word { characters.as_str() } else { text };
    let end = if text.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    let first = first.map(|first| first.to_ascii_uppercase());
    format!("{}{rest}{end}", first.map(String::from).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_becomes_a_sentence_and_a_tag_stays_a_tag() {
        for (text, told) in [
            ("the store is gone", "The store is gone."),
            (
                "v1.1.0 is newer than v1.0.0",
                "v1.1.0 is newer than v1.0.0.",
            ),
            (
                "`x` is no role; choose `viewer`",
                "`x` is no role; choose `viewer`.",
            ),
            ("Is it well?", "Is it well?"),
            ("", "."),
        ] {
            assert_eq!(sentence(text), told);
        }
    }
}
