//! Who may call, and what they may do.

mod bearer;
mod caller;
mod logins;

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use registrywatcher::ports::Clock;
use registrywatcher::token::{Token, TokenHash};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::problem::{Fault, Kind};
use logins::Logins;

pub(crate) use bearer::Presented;
pub(crate) use caller::Caller;
pub(crate) use registrywatcher::token::Role;

/// What [`Access`] goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessSettings {
    /// The tokens of the configuration, which are accepted until the process ends.
    pub tokens: Vec<Token>,
    /// Whether everybody may do everything as long as there is no token at all; only for a server that is bound to loopback.
    pub open_without_tokens: bool,
    /// How many failed logins an address may have within a minute.
    pub failed_logins_per_minute: u32,
}

impl Default for AccessSettings {
    /// Nobody may do anything.
    fn default() -> Self {
        Self {
            tokens: Vec::new(),
            open_without_tokens: false,
            failed_logins_per_minute: 10,
        }
    }
}

/// Who may call: the bearers of the tokens of the configuration, and of those in the store as last told by
/// [`update`](Self::update).
///
/// Where it may be open without tokens, the first token closes it until the process ends: neither the expiry nor the
/// revocation of the last one opens it again.
pub struct Access {
    clock: Arc<dyn Clock>,
    settings: AccessSettings,
    known: RwLock<Arc<Known>>,
    logins: Mutex<Logins>,
}

/// Why a token that was presented is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginRefused {
    /// Nobody has such a token, or it has expired.
    Unknown,
    /// Too many logins from the same address failed.
    TooMany {
        /// When to try again.
        retry_after: Option<Duration>,
    },
}

/// The tokens that are known at the moment.
#[derive(Default)]
struct Known {
    tokens: Vec<Arc<Token>>,
    /// How many of them, in front, are of the configuration.
    configured: usize,
    /// Whether there ever was a token.
    closed: bool,
}

impl Access {
    /// Who may call by the configuration alone.
    pub fn new(settings: AccessSettings, clock: Arc<dyn Clock>) -> Self {
        let access = Self {
            clock,
            logins: Mutex::new(Logins::new(settings.failed_logins_per_minute)),
            settings,
            known: RwLock::default(),
        };
        access.update(Vec::new());
        access
    }

    /// Takes `stored` for the tokens that are in the store: new ones are accepted from now on, and missing ones no longer.
    pub fn update(&self, stored: Vec<Token>) {
        let configured = self.settings.tokens.len();
        let tokens = self.settings.tokens.iter().cloned().chain(stored);
        let tokens: Vec<Arc<Token>> = tokens.map(Arc::new).collect();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let closed = known.closed || !tokens.is_empty();
        *known = Arc::new(Known {
            tokens,
            configured,
            closed,
        });
        let is_known = |hash: &TokenHash| known.tokens.iter().any(|token| token.hash == *hash);
        self.logins().forget_tokens(is_known);
    }

    /// The tokens of the store that were used and whose last use is due to be written down, which is once a minute.
    pub fn uses_to_note(&self) -> Vec<(TokenHash, DateTime<Utc>)> {
        let known = self.known();
        let stored = known.tokens.iter().skip(known.configured);
        let stored = stored.map(|token| token.hash);
        self.logins().uses_to_note(stored, self.clock.monotonic())
    }

    /// The token that reads `secret`, presented from an address by another way in than the API; failures are counted together.
    pub fn log_in_elsewhere(
        &self,
        secret: &str,
        from: Option<IpAddr>,
    ) -> Result<Arc<Token>, LoginRefused> {
        self.log_in(secret, from).map_err(|fault| match fault.kind {
            Kind::TooManyFailedLogins => LoginRefused::TooMany {
                retry_after: fault.retry_after,
            },
            _ => LoginRefused::Unknown,
        })
    }

    /// The token of this hash, as long as it is accepted.
    pub fn token(&self, hash: &TokenHash) -> Option<Arc<Token>> {
        let now = self.clock.now();
        let known = self.known();
        let mut accepted = known.tokens.iter().filter(|token| !token.is_expired(now));
        accepted.find(|token| token.hash == *hash).cloned()
    }

    /// Whether every caller may do everything.
    pub fn is_open(&self) -> bool {
        self.settings.open_without_tokens && !self.known().closed
    }

    /// Whether a caller who was admitted earlier still would be; asked again and again while a stream goes on.
    pub(crate) fn still_valid(&self, caller: &Caller) -> bool {
        let Some(admitted) = caller.token() else {
            return self.is_open();
        };
        let is_it = |token: &Arc<Token>| **token == *admitted;
        !admitted.is_expired(self.clock.now()) && self.known().tokens.iter().any(is_it)
    }

    /// Who presents this, if they may do what takes `role`.
    pub(crate) fn admit(&self, presented: &Presented<'_>, role: Role) -> Result<Caller, Fault> {
        if self.is_open() {
            return Ok(Caller::anonymous());
        }
        let Some(bearer) = presented.bearer else {
            let detail = "a bearer token is needed: `Authorization: Bearer <token>`";
            return Err(Fault::new(Kind::Unauthenticated, detail));
        };
        let token = self.log_in(bearer, presented.from)?;
        let caller = Caller::bearing(token);
        caller.ensure(role)?;
        Ok(caller)
    }

    fn log_in(&self, bearer: &str, from: Option<IpAddr>) -> Result<Arc<Token>, Fault> {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let found = self.known().find(bearer);
        let mut logins = self.logins();
        let hash = found.as_ref().map(|token| token.hash);
        logins.check(hash.as_ref(), from, monotonic)?;
        let detail = match found {
            Some(token) if !token.is_expired(now) => {
                logins.succeeded(token.hash, from, now);
                return Ok(token);
            }
            Some(_) => "the bearer token has expired",
            None => "the bearer token is not known",
        };
        logins.failed(from, monotonic);
        Err(Fault::new(Kind::Unauthenticated, detail))
    }

    fn known(&self) -> Arc<Known> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&known)
    }

    fn logins(&self) -> MutexGuard<'_, Logins> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Compares with every token, so that the time it takes tells nothing about any.
    fn find(&self, bearer: &str) -> Option<Arc<Token>> {
        let presented: [u8; 32] = Sha256::digest(bearer.as_bytes()).into();
        let mut found = None;
        for token in &self.tokens {
            if bool::from(token.hash.as_bytes().ct_eq(&presented)) {
                found = Some(token);
            }
        }
        found.cloned()
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("settings", &self.settings)
            .field("known", &self.known().tokens)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
