use std::io::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::fault::Fault;

/// How many characters of a digest's hash tell it from others, for people.
const SHORT_HASH: usize = 12;

/// How answers are printed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    is_json: bool,
}

impl Output {
    pub(super) fn new(is_json: bool) -> Self {
        Self { is_json }
    }

    /// Prints an answer as JSON, or what `text` makes of it for people.
    pub(super) fn answer<T: Serialize>(
        self,
        answer: &T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<(), Fault> {
        if self.is_json {
            return self.json(answer);
        }
        write(text(answer).trim_end())
    }

    /// Prints an answer as JSON, if it is to be JSON.
    pub(super) fn json<T: Serialize>(self, answer: &T) -> Result<(), Fault> {
        if !self.is_json {
            return Ok(());
        }
        let json = serde_json::to_string(answer);
        write(&json.map_err(|error| Fault::Other(error.to_string()))?)
    }

    /// Tells people that something is done to which the API has nothing to say.
    pub(super) fn done(self, text: &str) -> Result<(), Fault> {
        if self.is_json { Ok(()) } else { write(text) }
    }
}

fn write(text: &str) -> Result<(), Fault> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// On one line, and without anything that a terminal would obey.
pub(super) fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// A text that may be missing.
pub(super) fn or_dash(text: Option<&str>) -> String {
    text.map_or_else(|| "-".to_owned(), plain)
}

/// A moment, to the second.
pub(super) fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The beginning of a digest's hash.
pub(super) fn short(digest: &str) -> String {
    let hash = digest.rsplit(':').next().unwrap_or_default();
    plain(&hash.chars().take(SHORT_HASH).collect::<String>())
}

/// An image as its tag and the beginning of its hash.
pub(super) fn image(tag: Option<&str>, digest: Option<&str>) -> String {
    match (tag, digest.map(short)) {
        (Some(tag), Some(short)) => plain(&format!("{tag} {short}")),
        (Some(tag), None) => plain(tag),
        (None, Some(short)) => plain(&format!("- {short}")),
        (None, None) => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_its_tag_and_the_beginning_of_its_hash() {
        let digest = "sha256:0123456789abcdef";
        assert_eq!(image(Some("v1"), Some(digest)), "v1 0123456789ab");
        assert_eq!(image(Some("v1"), None), "v1");
        assert_eq!(image(None, Some(digest)), "- 0123456789ab");
        assert_eq!(image(None, None), "-");
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_printed() {
        assert_eq!(plain("red \u{1b}[31m\nnext"), "red  [31m next");
    }
}
