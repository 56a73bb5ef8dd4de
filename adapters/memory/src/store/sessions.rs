use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registrywatcher::ports::{Sessions, StoreError};
use registrywatcher::token::{Session, SessionHash};

use super::MemoryStore;

/// The sessions by hash.
pub(super) type Begun = BTreeMap<SessionHash, Session>;

#[async_trait]
impl Sessions for MemoryStore {
    async fn session(&self, hash: &SessionHash) -> Result<Option<Session>, StoreError> {
        Ok(self.call()?.sessions.get(hash).cloned())
    }

    async fn begin_session(&self, session: &Session) -> Result<(), StoreError> {
        self.call()?.sessions.insert(session.hash, session.clone());
        Ok(())
    }

    async fn note_session_use(
        &self,
        hash: &SessionHash,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if let Some(session) = self.call()?.sessions.get_mut(hash) {
            session.last_used_at = session.last_used_at.max(at);
        }
        Ok(())
    }

    async fn end_session(&self, hash: &SessionHash) -> Result<(), StoreError> {
        self.call()?.sessions.remove(hash);
        Ok(())
    }

    async fn prune_sessions(
        &self,
        began: DateTime<Utc>,
        used: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let mut inner = self.call()?;
        let before = inner.sessions.len();
        let goes_on = |session: &Session| session.began_at >= began && session.last_used_at >= used;
        inner.sessions.retain(|_, session| goes_on(session));
        Ok((before - inner.sessions.len()) as u64)
    }
}
