use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use registrywatcher::token::{Token, TokenHash};

/// Who may come in, by the same tokens as through the other ways in.
pub trait Door: Send + Sync {
    /// Whether everybody may do everything.
    fn is_open(&self) -> bool;

    /// The token that reads `secret`, if it is accepted from this address; failures are counted, and too many are refused.
    fn admit(&self, secret: &str, from: Option<IpAddr>) -> Result<Arc<Token>, Refused>;

    /// The token of this hash, as long as it is accepted.
    fn token(&self, hash: &TokenHash) -> Option<Arc<Token>>;
}

/// Why somebody does not come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Nobody has, or still has, such a token.
    Unknown,
    /// Too many logins from the same address failed.
    TooMany {
        /// When to try again.
        retry_after: Option<Duration>,
    },
}
