use std::fmt;
use std::str::FromStr;

/// A mutable, human-chosen label on a manifest, such as `v1.4.0` or `latest`.
///
/// Follows the OCI distribution grammar: a word character, then up to 127 of `[A-Za-z0-9_.-]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(Box<str>);

/// Why a string is not a [`Tag`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseTagError {
    /// Nothing was given.
    #[error("a tag cannot be empty")]
    Empty,
    /// Longer than the grammar allows.
    #[error("a tag has at most {max} characters, this one has {actual}", max = Tag::MAX_LEN)]
    TooLong {
        /// How many characters were given.
        actual: usize,
    },
    /// A character outside the grammar.
    #[error("`{character}` cannot appear at position {position} of a tag")]
    IllegalCharacter {
        /// What was found.
        character: char,
        /// Where, counted in characters from 0.
        position: usize,
    },
}

impl Tag {
    /// The longest tag of the OCI distribution specification, in characters.
    pub const MAX_LEN: usize = 128;

    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Checks the grammar without keeping the text.
    pub(crate) fn check(text: &str) -> Result<(), ParseTagError> {
        // Nearly every text is a tag; only what is none is looked at by characters, to say why.
        let bytes = text.as_bytes();
        let starts_well = bytes.first().is_some_and(|c| !matches!(c, b'.' | b'-'));
        let is_legal = |c: &u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'.' | b'-');
        if starts_well && bytes.len() <= Self::MAX_LEN && bytes.iter().all(is_legal) {
            return Ok(());
        }
        if text.is_empty() {
            return Err(ParseTagError::Empty);
        }
        let illegal = text.chars().enumerate().find(|&(position, c)| {
            !(c.is_ascii_alphanumeric() || c == '_' || (position > 0 && matches!(c, '.' | '-')))
        });
        if let Some((position, character)) = illegal {
            return Err(ParseTagError::IllegalCharacter {
                character,
                position,
            });
        }
        if text.len() > Self::MAX_LEN {
            return Err(ParseTagError::TooLong { actual: text.len() });
        }
        Ok(())
    }

    /// Keeps a text that is known to follow the grammar, as every text of a [`TagList`](super::TagList) does.
    pub(crate) fn from_checked(text: &str) -> Self {
        debug_assert_eq!(Self::check(text), Ok(()));
        Self(text.into())
    }
}

impl FromStr for Tag {
    type Err = ParseTagError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::check(text).map(|()| Self(text.into()))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for Tag {
    fn borrow(&self) -> &str {
        &self.0
    }
}

crate::text::serde_as_text!(Tag);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn accepts(input: &str) {
        assert_eq!(
            input.parse::<Tag>().map(|tag| tag.to_string()),
            Ok(input.to_owned())
        );
    }

    #[track_caller]
    fn rejects(input: &str, why: ParseTagError) {
        assert_eq!(input.parse::<Tag>(), Err(why), "parsing {input:?}");
    }

    #[test]
    fn a_tag_follows_the_oci_grammar() {
        accepts("latest");
        accepts("v1.4.0_build-7");
        accepts("_x");
        accepts(&"a".repeat(128));
        rejects("", ParseTagError::Empty);
        rejects(
            ".hidden",
            ParseTagError::IllegalCharacter {
                character: '.',
                position: 0,
            },
        );
        rejects(
            "-x",
            ParseTagError::IllegalCharacter {
                character: '-',
                position: 0,
            },
        );
        rejects(
            "a/b",
            ParseTagError::IllegalCharacter {
                character: '/',
                position: 1,
            },
        );
        rejects(
            "1.0.0+7",
            ParseTagError::IllegalCharacter {
                character: '+',
                position: 5,
            },
        );
        rejects(
            "é",
            ParseTagError::IllegalCharacter {
                character: 'é',
                position: 0,
            },
        );
        rejects(&"a".repeat(129), ParseTagError::TooLong { actual: 129 });
    }
}
