//! Who may call: a bearer [`Token`], what its bearer may do ([`Role`]) and to which watches ([`Reach`]).

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::event::NamePattern;
use crate::intent::Author;
use crate::text::name_type;
use crate::watch::WatchName;

name_type!(
    /// The name of a token that is kept in the store.
    TokenName,
    "a token"
);

/// What the bearer of a token may do; each role may do what the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look.
    Viewer,
    /// Pin, deploy, roll back, hold.
    Deployer,
    /// Everything: also freeze all watches, and override a freeze.
    Admin,
}

impl Role {
    /// All roles, the one that may least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Deployer, Self::Admin];

    /// Its name in configurations and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Deployer => "deployer",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no role; choose `viewer`, `deployer` or `admin`")]
pub struct ParseRoleError {
    /// What was found.
    pub found: String,
}

impl FromStr for Role {
    type Err = ParseRoleError;

    fn from_str(text: &str) -> Result<Self, ParseRoleError> {
        let role = Self::ALL.into_iter().find(|role| role.name() == text);
        role.ok_or_else(|| ParseRoleError {
            found: text.to_owned(),
        })
    }
}

/// Which watches a token is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Reach {
    /// Every watch, and what concerns all of them.
    #[default]
    Everything,
    /// Only watches whose name fits one of these, and nothing that concerns all of them.
    Only(Vec<NamePattern>),
}

impl Reach {
    /// Whether it has no bounds.
    pub fn is_everything(&self) -> bool {
        matches!(self, Self::Everything)
    }

    /// Whether `watch` is within it.
    pub fn includes(&self, watch: &WatchName) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(patterns) => patterns
                .iter()
                .any(|pattern| pattern.matches(watch.as_str())),
        }
    }
}

/// The SHA-256 of a token, which is all that is kept of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// A hash that was computed.
    pub fn new(sha256: [u8; 32]) -> Self {
        Self(sha256)
    }

    /// The hash itself.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for TokenHash {
    /// Without the hash: with it, a weak token could be guessed offline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A text that is no SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the 64 hexadecimal digits of a SHA-256")]
pub struct ParseTokenHashError;

impl FromStr for TokenHash {
    type Err = ParseTokenHashError;

    fn from_str(text: &str) -> Result<Self, ParseTokenHashError> {
        let mut hash = [0; 32];
        if text.len() != 2 * hash.len() || !text.bytes().all(|c| c.is_ascii_hexdigit()) {
            return Err(ParseTokenHashError);
        }
        for (index, byte) in hash.iter_mut().enumerate() {
            let digits = &text[2 * index..][..2];
            *byte = u8::from_str_radix(digits, 16).map_err(|_| ParseTokenHashError)?;
        }
        Ok(Self(hash))
    }
}

/// A bearer token that is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Whose it is: the author of what is asked for with it.
    pub name: Author,
    /// What it allows.
    pub role: Role,
    /// Which watches it is for.
    pub reach: Reach,
    /// From when on it is not accepted any more; never if there is no such moment.
    pub expires_at: Option<DateTime<Utc>>,
    /// What it hashes to.
    pub hash: TokenHash,
}

impl Token {
    /// Whether it is no longer accepted.
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// A token that is kept in the store, and what is known of it besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// Its name, which no other one in the store has.
    pub name: TokenName,
    /// What it allows.
    pub role: Role,
    /// Which watches it is for.
    pub reach: Reach,
    /// What it hashes to.
    pub hash: TokenHash,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it is not accepted any more; never if there is no such moment.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last presented and accepted, to the minute or so.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl From<StoredToken> for Token {
    fn from(stored: StoredToken) -> Self {
        Self {
            name: Author::new(stored.name.as_str()),
            role: stored.role,
            reach: stored.reach,
            expires_at: stored.expires_at,
            hash: stored.hash,
        }
    }
}

#[cfg(test)]
mod tests;
