use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registrywatcher::event::NewEvent;
use registrywatcher::ports::{Step, StoreError, Tokens};
use registrywatcher::token::{StoredToken, TokenHash, TokenName};

use super::{Inner, MemoryStore};

/// The tokens by name.
pub(super) type Kept = BTreeMap<TokenName, StoredToken>;

impl Inner {
    /// Keeps an event that concerns no watch.
    fn tell(&mut self, event: NewEvent) {
        self.apply(Step {
            events: vec![event],
            ..Step::default()
        });
    }
}

#[async_trait]
impl Tokens for MemoryStore {
    async fn tokens(&self) -> Result<Vec<StoredToken>, StoreError> {
        Ok(self.call()?.tokens.values().cloned().collect())
    }

    async fn add_token(&self, token: &StoredToken, told: NewEvent) -> Result<bool, StoreError> {
        let mut inner = self.call()?;
        let is_known = |kept: &StoredToken| kept.name == token.name || kept.hash == token.hash;
        if inner.tokens.values().any(is_known) {
            return Ok(false);
        }
        inner.tokens.insert(token.name.clone(), token.clone());
        inner.tell(told);
        Ok(true)
    }

    async fn remove_token(&self, name: &TokenName, told: NewEvent) -> Result<bool, StoreError> {
        let mut inner = self.call()?;
        let was_known = inner.tokens.remove(name).is_some();
        if was_known {
            inner.tell(told);
        }
        Ok(was_known)
    }

    async fn note_token_use(&self, hash: &TokenHash, at: DateTime<Utc>) -> Result<(), StoreError> {
        let mut inner = self.call()?;
        let used = inner.tokens.values_mut().find(|kept| kept.hash == *hash);
        if let Some(used) = used {
            used.last_used_at = used.last_used_at.max(Some(at));
        }
        Ok(())
    }
}
