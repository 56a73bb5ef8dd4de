use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde::Deserialize;

use crate::fault::Fault;
use crate::guard::shorten;

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Whether another server gave it than the one that was asked.
    pub(crate) redirected: bool,
}

/// The error documents of registries and of token servers, whatever is there of them.
#[derive(Debug, Default, Deserialize)]
struct ErrorDocument {
    #[serde(default)]
    errors: Vec<ErrorEntry>,
    message: Option<String>,
    details: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct ErrorEntry {
    code: Option<String>,
    message: Option<String>,
}

impl Answer {
    /// The value of a header, if it is text.
    pub(crate) fn header(&self, name: impl reqwest::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The content type without its parameters.
    pub(crate) fn media_type(&self) -> Option<&str> {
        let value = self.header(CONTENT_TYPE)?;
        value
            .split(';')
            .next()
            .map(str::trim)
            .filter(|value| !value.is_empty())
    }

    /// What a status that nobody waited for means.
    pub(crate) fn fault(&self) -> Fault {
        let words = self.words();
        match self.status {
            StatusCode::NOT_FOUND => Fault::NotFound,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Fault::Unauthorized(words),
            status if status.is_server_error() => Fault::unavailable(words),
            _ => Fault::Invalid(words),
        }
    }

    /// The status and what the server says about it.
    pub(crate) fn words(&self) -> String {
        let said = match serde_json::from_slice::<ErrorDocument>(&self.body) {
            Ok(document) => document.into_words(),
            Err(_) => std::str::from_utf8(&self.body)
                .ok()
                .map(str::trim)
                .filter(|text| !text.is_empty() && !text.starts_with('<'))
                .map(str::to_owned),
        };
        match said {
            Some(said) => format!("status {}, {}", self.status.as_u16(), shorten(&said)),
            None => format!("status {}", self.status.as_u16()),
        }
    }
}

impl ErrorDocument {
    fn into_words(self) -> Option<String> {
        let entry = self.errors.into_iter().next().unwrap_or_default();
        match (entry.code, entry.message) {
            (Some(code), Some(message)) => Some(format!("{code}: {message}")),
            (Some(words), None) | (None, Some(words)) => Some(words),
            (None, None) => self.message.or(self.details),
        }
    }
}
