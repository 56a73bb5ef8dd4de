use std::collections::BTreeSet;
use std::time::Duration;

use registrywatcher::ports::Tokens;
use registrywatcher::token::{StoredToken, Token, TokenHash};
use registrywatcher_api_rest::Access;
use tokio::time::{MissedTickBehavior, interval};

/// How often the tokens in the store are read: a new one is accepted, and a revoked one refused, after this long at most.
pub(crate) const FOLLOW_TOKENS_EVERY: Duration = Duration::from_secs(3);

/// The API's tokens, kept those of the store.
pub(crate) struct TokenFollower<'a> {
    access: &'a Access,
    tokens: &'a dyn Tokens,
    known: BTreeSet<TokenHash>,
    /// Whether the store could be read the last time.
    is_well: bool,
}

impl<'a> TokenFollower<'a> {
    /// Reads them for the first time, which must succeed: nobody knows yet who may call.
    pub(crate) async fn start(
        access: &'a Access,
        tokens: &'a dyn Tokens,
    ) -> anyhow::Result<TokenFollower<'a>> {
        let stored = tokens.tokens().await?;
        let mut follower = Self {
            access,
            tokens,
            known: stored.iter().map(|token| token.hash).collect(),
            is_well: true,
        };
        follower.take(stored);
        Ok(follower)
    }

    /// Follows the store for ever, and writes the last use of tokens into it unless it is to be left as it is.
    ///
    /// While the store cannot be read, those that are known stay so, and no others are let in.
    pub(crate) async fn follow(mut self, notes_uses: bool) {
        let mut ticks = interval(FOLLOW_TOKENS_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match self.tokens.tokens().await {
                Ok(stored) => {
                    self.is_well = true;
                    self.take(stored);
                }
                Err(error) if self.is_well => {
                    self.is_well = false;
                    tracing::warn!(
                        "cannot read the tokens in the store, and keep those known: {error}"
                    );
                }
                Err(_) => {}
            }
            if notes_uses && self.is_well {
                self.note_uses().await;
            }
        }
    }

    fn take(&mut self, stored: Vec<StoredToken>) {
        for token in &stored {
            if self.known.insert(token.hash) {
                tracing::info!(token.name = %token.name, "token `{}` is new", token.name);
            }
        }
        let hashes: BTreeSet<TokenHash> = stored.iter().map(|token| token.hash).collect();
        let before = self.known.len();
        self.known.retain(|hash| hashes.contains(hash));
        if self.known.len() < before {
            tracing::info!("{} tokens were revoked", before - self.known.len());
        }
        self.access
            .update(stored.into_iter().map(Token::from).collect());
    }

    async fn note_uses(&self) {
        for (hash, at) in self.access.uses_to_note() {
            if let Err(error) = self.tokens.note_token_use(&hash, at).await {
                tracing::debug!("cannot note that a token was used: {error}");
            }
        }
    }
}
