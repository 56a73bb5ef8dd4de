//! Text forms of domain values, and what to say of text that is none.

mod nearest;

use std::error::Error;

pub use nearest::suggest;

/// The innermost cause of an error: what went wrong in the end, such as a certificate that nobody we know has signed.
pub fn innermost<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause
}

/// Lets a value with `FromStr` and `Display` be read from and written to text by serde.
///
/// Parsing stays the only way in: what serde reads goes through the same `FromStr` as everything else.
macro_rules! serde_as_text {
    ($($type:ty),+ $(,)?) => {$(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

/// Defines a name that people choose in the configuration: a letter or digit, then letters, digits, `.`, `_` and `-`.
macro_rules! name_type {
    ($(#[$meta:meta])* $name:ident, $what:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::text::ParseNameError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::text::check_name($what, text).map(|()| Self(text.to_owned()))
            }
        }

        $crate::text::serde_as_text!($name);
    };
}

pub(crate) use {name_type, serde_as_text};

/// Why a string is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseNameError {
    /// Nothing was given.
    #[error("the name of {what} cannot be empty")]
    Empty {
        /// What the name is for.
        what: &'static str,
    },
    /// Longer than is useful in a path, a label or a message.
    #[error("the name of {what} has at most {MAX_NAME_LEN} characters, this one has {actual}")]
    TooLong {
        /// What the name is for.
        what: &'static str,
        /// How many characters were given.
        actual: usize,
    },
    /// A character outside the grammar.
    #[error(
        "`{character}` cannot appear at position {position} of the name of {what}; use letters, digits, `.`, `_` and `-`"
    )]
    IllegalCharacter {
        /// What the name is for.
        what: &'static str,
        /// What was found.
        character: char,
        /// Where, counted in characters from 0.
        position: usize,
    },
}

/// The longest name, in characters; a DNS label plus a little.
const MAX_NAME_LEN: usize = 100;

/// Checks the grammar shared by all [`name_type`]s.
pub(crate) fn check_name(what: &'static str, text: &str) -> Result<(), ParseNameError> {
    if text.is_empty() {
        return Err(ParseNameError::Empty { what });
    }
    let actual = text.chars().count();
    if actual > MAX_NAME_LEN {
        return Err(ParseNameError::TooLong { what, actual });
    }
    let illegal = text.chars().enumerate().find(|&(position, c)| {
        !(c.is_ascii_alphanumeric() || (position > 0 && matches!(c, '.' | '_' | '-')))
    });
    match illegal {
        Some((position, character)) => Err(ParseNameError::IllegalCharacter {
            what,
            character,
            position,
        }),
        None => Ok(()),
    }
}
