use chrono::{DateTime, Utc};

use super::{SessionHash, TokenHash};

/// Somebody who signed in to the pages with a token, and is known by another secret since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// What the secret hashes to.
    pub hash: SessionHash,
    /// The token that was presented; whatever it allows at the moment, the session does.
    pub token: TokenHash,
    /// When it began.
    pub began_at: DateTime<Utc>,
    /// When it was last used, to the minute or so.
    pub last_used_at: DateTime<Utc>,
}
