//! Remembering who has signed in.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::StoreError;
use crate::token::{Session, SessionHash};

/// Remembers the sessions of people who signed in to the pages, for all replicas.
///
/// What a session allows is not remembered: that is what its token allows at the moment, and nothing once that is revoked.
///
/// # Contract
///
/// Checked by `registrywatcher_conformance::sessions_suite!`:
///
/// - A session that was begun is found by every handle, equal in every field, and no other one is.
/// - The last use of a session never goes back, and that of a session which is not there is no error.
/// - A session that was ended is not found any more, and to end it again is no error.
/// - Pruning removes the sessions that began or were used too long ago, and no others.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// The session of this hash, if it has not been ended or pruned.
    async fn session(&self, hash: &SessionHash) -> Result<Option<Session>, StoreError>;

    /// Keeps a session.
    async fn begin_session(&self, session: &Session) -> Result<(), StoreError>;

    /// Remembers that a session was used.
    async fn note_session_use(
        &self,
        hash: &SessionHash,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Forgets a session.
    async fn end_session(&self, hash: &SessionHash) -> Result<(), StoreError>;

    /// Forgets the sessions that began before `began`, or were used before `used` for the last time; says how many these were.
    async fn prune_sessions(
        &self,
        began: DateTime<Utc>,
        used: DateTime<Utc>,
    ) -> Result<u64, StoreError>;
}
