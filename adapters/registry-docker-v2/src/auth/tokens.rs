use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderValue;

use crate::challenge::Challenge;
use crate::credential::CredentialId;
use crate::fault::Fault;
use crate::token::Token;

/// The tokens of one registry, by what they are for.
#[derive(Debug, Default)]
pub(crate) struct TokenCache {
    slots: Mutex<Slots>,
}

/// What a token is for. The challenge holds realm and service.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct TokenKey {
    pub(crate) challenge: Arc<Challenge>,
    pub(crate) repository: Box<str>,
    pub(crate) credential: CredentialId,
}

#[derive(Debug, Default)]
struct Slots {
    by_key: HashMap<TokenKey, Arc<Slot>>,
    /// How many there may be before dead ones are thrown away.
    sweep_at: usize,
}

/// The place of one token: whoever comes while it is being issued waits for the outcome.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    attempts: AtomicU64,
    state: tokio::sync::Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    token: Option<Token>,
    failure: Option<Fault>,
}

impl TokenCache {
    pub(crate) fn slot(&self, key: TokenKey, now: Duration) -> Arc<Slot> {
        const FEW: usize = 64;
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.by_key.get(&key) {
            return Arc::clone(slot);
        }
        if slots.by_key.len() >= slots.sweep_at.max(FEW) {
            slots
                .by_key
                .retain(|_, slot| Arc::strong_count(slot) > 1 || slot.is_alive(now));
            slots.by_key.shrink_to_fit();
            slots.sweep_at = slots.by_key.len() * 2;
        }
        Arc::clone(slots.by_key.entry(key).or_default())
    }
}

impl Slot {
    /// The token, and whether it was issued for this very call; `issue` is only run where there is none that lives.
    pub(crate) async fn get(
        &self,
        now: Duration,
        issue: impl Future<Output = Result<Token, Fault>> + Send,
    ) -> Result<(HeaderValue, bool), Fault> {
        let before = self.attempts.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        if let Some(token) = state.token.as_ref().filter(|token| now < token.renews_at) {
            return Ok((token.header.clone(), false));
        }
        // Somebody asked in vain while this call waited: the answer would be the same.
        if self.attempts.load(Ordering::Acquire) != before
            && let Some(failure) = &state.failure
        {
            return Err(failure.clone());
        }
        let outcome = issue.await;
        self.attempts.fetch_add(1, Ordering::Release);
        match outcome {
            Ok(token) => {
                let header = token.header.clone();
                *state = State {
                    token: Some(token),
                    failure: None,
                };
                Ok((header, true))
            }
            Err(failure) => {
                *state = State {
                    token: None,
                    failure: Some(failure.clone()),
                };
                Err(failure)
            }
        }
    }

    /// Drops the token that was refused, unless another one has taken its place.
    pub(crate) async fn forget(&self, refused: &HeaderValue) {
        let mut state = self.state.lock().await;
        if state
            .token
            .as_ref()
            .is_some_and(|token| token.header == *refused)
        {
            state.token = None;
        }
    }

    fn is_alive(&self, now: Duration) -> bool {
        match self.state.try_lock() {
            Ok(state) => state
                .token
                .as_ref()
                .is_some_and(|token| now < token.renews_at),
            Err(_) => true,
        }
    }
}
