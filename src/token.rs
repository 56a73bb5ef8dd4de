//! Who may call: a bearer [`Token`], what its bearer may do ([`Role`]) and to which watches ([`Reach`]); and who has signed in
//! with one ([`Session`]).

mod hash;
mod session;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::event::NamePattern;
use crate::intent::Author;
use crate::text::name_type;
use crate::watch::WatchName;

pub use hash::{ParseTokenHashError, SessionHash, TokenHash};
pub use session::Session;

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
