use std::sync::Arc;

use reqwest::StatusCode;
use reqwest::header::HeaderValue;

use super::tokens::Slot;
use crate::answer::Answer;

/// What a request presents.
#[derive(Debug)]
pub(crate) enum Pass {
    Nothing,
    /// The credential itself, as `Basic` or as it is.
    Plain(HeaderValue),
    Token {
        header: HeaderValue,
        slot: Arc<Slot>,
        /// Issued for this very request, so another one would be no better.
        is_fresh: bool,
    },
}

impl Pass {
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        match self {
            Self::Nothing => None,
            Self::Plain(header) | Self::Token { header, .. } => Some(header.clone()),
        }
    }

    /// Whether the registry refused this pass; some say 400 to a token that has died.
    pub(crate) fn is_refused_by(&self, answer: &Answer) -> bool {
        match answer.status {
            StatusCode::UNAUTHORIZED => !answer.redirected,
            StatusCode::BAD_REQUEST => matches!(
                self,
                Self::Token {
                    is_fresh: false,
                    ..
                }
            ),
            _ => false,
        }
    }
}
