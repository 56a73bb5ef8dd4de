//! Remembering who may call.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::StoreError;
use crate::event::NewEvent;
use crate::token::{StoredToken, TokenHash, TokenName};

/// Remembers the tokens that people made, beside those of the configuration.
///
/// # Contract
///
/// Checked by `registrywatcher_conformance::tokens_suite!`:
///
/// - A token that was added is found again by every handle, equal in every field, in the order of the names.
/// - A second token of one name or one hash is not added, and the first stays as it is.
/// - Of two tokens of one name that are added at once, one is.
/// - What is told of a token is stored with it: when it was added or removed, and only then.
/// - A token that was removed is not found any more, and its name is free.
/// - The last use of a token never goes back, and that of a token which is not there is no error.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// All tokens, expired ones too.
    async fn tokens(&self) -> Result<Vec<StoredToken>, StoreError>;

    /// Keeps a token and the event that tells of it, and says whether it did: not if there is one of its name, or the very
    /// same one.
    async fn add_token(&self, token: &StoredToken, told: NewEvent) -> Result<bool, StoreError>;

    /// Forgets the token of this name, keeps the event that tells of it, and says whether there was one.
    async fn remove_token(&self, name: &TokenName, told: NewEvent) -> Result<bool, StoreError>;

    /// Remembers that a token was used.
    async fn note_token_use(&self, hash: &TokenHash, at: DateTime<Utc>) -> Result<(), StoreError>;
}
