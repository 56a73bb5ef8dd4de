mod pass;
mod standing;
mod tokens;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use registrywatcher::ports::{Clock, Credential};
use reqwest::Method;
use secrecy::ExposeSecret;
use url::Url;

use crate::answer::Answer;
use crate::challenge::{Challenge, Demand};
use crate::credential::{Presented, basic, bearer};
use crate::fault::Fault;
use crate::guard;
use crate::token::{Refusal, Token, TokenRequest};
use crate::transport::{Request, Transport};
pub(crate) use pass::Pass;
use standing::Standings;
use tokens::{TokenCache, TokenKey};

/// Knows what one registry wants to be presented with, and keeps the tokens that were issued for it.
pub(crate) struct Authenticator {
    /// Where `/v2/` is.
    probe: Url,
    clock: Arc<dyn Clock>,
    /// What the registry asked for last; presented up front, so that no poll pays for a 401.
    challenge: Mutex<Option<Arc<Challenge>>>,
    tokens: TokenCache,
    pub(crate) standings: Standings,
}

impl Authenticator {
    pub(crate) fn new(probe: Url, clock: Arc<dyn Clock>) -> Self {
        Self {
            probe,
            standings: Standings::new(Arc::clone(&clock)),
            clock,
            challenge: Mutex::default(),
            tokens: TokenCache::default(),
        }
    }

    /// What to present for reading `repository`, as far as is known.
    pub(crate) async fn pass(
        &self,
        transport: &Transport,
        presented: &Presented,
        repository: &str,
    ) -> Result<Pass, Fault> {
        self.standings.check(presented.id)?;
        if let Credential::RegistryToken(token) = &presented.credential {
            return bearer(token.expose_secret()).map(Pass::Plain);
        }
        let known = self.challenge().clone();
        let Some(challenge) = known else {
            return Ok(Pass::Nothing);
        };
        let Challenge::Bearer { realm, service } = &*challenge else {
            return match &presented.credential {
                Credential::Basic { username, password } => {
                    basic(username, password.expose_secret()).map(Pass::Plain)
                }
                _ => Ok(Pass::Nothing),
            };
        };
        let scope = format!("repository:{repository}:pull");
        let issue = self.issue(transport, presented, realm, service.as_deref(), &scope);
        let key = TokenKey {
            challenge: Arc::clone(&challenge),
            repository: repository.into(),
            credential: presented.id,
        };
        let now = self.clock.monotonic();
        let slot = self.tokens.slot(key, now);
        let (header, is_fresh) = slot.get(now, issue).await?;
        Ok(Pass::Token {
            header,
            slot,
            is_fresh,
        })
    }

    async fn issue(
        &self,
        transport: &Transport,
        presented: &Presented,
        realm: &str,
        service: Option<&str>,
        scope: &str,
    ) -> Result<Token, Fault> {
        let realm = guard::realm(&self.probe, realm)?;
        let request = TokenRequest {
            realm,
            service,
            scope,
        };
        match request.send(transport, presented, &*self.clock).await {
            Ok(token) => {
                self.standings.accept(presented.id);
                Ok(token)
            }
            Err(Refusal::Credential(words)) => {
                self.standings.reject(presented.id);
                Err(Fault::Unauthorized(words))
            }
            Err(Refusal::Other(fault)) => {
                if matches!(fault, Fault::Invalid(_) | Fault::Unavailable { .. }) {
                    // Perhaps the registry has moved to another token server: let it say so again.
                    *self.challenge() = None;
                }
                Err(fault)
            }
        }
    }

    /// Learns from a refusal; an error where no other pass would be better.
    pub(crate) async fn reconsider(
        &self,
        transport: &Transport,
        presented: &Presented,
        pass: &Pass,
        answer: &Answer,
    ) -> Result<(), Fault> {
        let mut demand = Demand::of(&answer.headers);
        if let Pass::Token {
            header,
            slot,
            is_fresh,
        } = pass
        {
            slot.forget(header).await;
            if *is_fresh {
                return Err(self.refused(presented, pass, answer));
            }
            // Harbor offers `Basic` to whoever presents a dead token; a new token is what it wants.
            demand.challenge = demand.challenge.filter(|found| *found != Challenge::Basic);
        } else if demand.challenge.is_none() && matches!(pass, Pass::Nothing) {
            demand = self.probe(transport, presented).await?;
        }
        let is_hopeless = match (&demand.challenge, pass) {
            (_, Pass::Token { .. }) => false,
            (Some(Challenge::Bearer { .. }), _) => {
                matches!(presented.credential, Credential::RegistryToken(_))
            }
            (Some(Challenge::Basic), Pass::Nothing) => {
                !matches!(presented.credential, Credential::Basic { .. })
            }
            (Some(Challenge::Basic), Pass::Plain(_)) | (None, _) => true,
        };
        self.learn(demand.challenge);
        if is_hopeless {
            Err(self.refused(presented, pass, answer))
        } else {
            Ok(())
        }
    }

    /// Why a repository cannot be read after all. The token that was refused is not tried again: it may be that the
    /// repository is there by the next poll.
    pub(crate) async fn give_up(
        &self,
        presented: &Presented,
        pass: &Pass,
        answer: &Answer,
    ) -> Fault {
        if let Pass::Token { header, slot, .. } = pass {
            slot.forget(header).await;
        }
        self.refused(presented, pass, answer)
    }

    fn refused(&self, presented: &Presented, pass: &Pass, answer: &Answer) -> Fault {
        let words = answer.words();
        let demand = Demand::of(&answer.headers);
        match pass {
            // The token server takes the credential, and the registry still does not show the repository.
            Pass::Token { .. } if demand.error.as_deref() != Some("invalid_token") => {
                tracing::debug!(%words, "the registry refuses a token that was just issued for it");
                Fault::NotFound
            }
            Pass::Token { .. } => Fault::Unauthorized(format!(
                "{words}; the registry refuses the token that its own token server has just issued"
            )),
            Pass::Plain(_) => {
                self.standings.doubt(presented.id);
                Fault::Unauthorized(format!("{words}; correct the credentials of this registry"))
            }
            Pass::Nothing if presented.is_anonymous() => {
                Fault::Unauthorized(format!("{words}; configure credentials for this registry"))
            }
            Pass::Nothing => Fault::Unauthorized(format!(
                "{words}; what is configured does not fit what the registry offers: {}",
                demand.schemes.join(", ")
            )),
        }
    }

    /// Asks `/v2/` what the registry wants, where a 401 does not say.
    async fn probe(&self, transport: &Transport, presented: &Presented) -> Result<Demand, Fault> {
        let request = Request {
            method: Method::GET,
            url: self.probe.clone(),
            accept: "application/json",
            limit: 1 << 16,
        };
        let answer = transport.send(&request, presented.id, None).await?;
        Ok(if answer.redirected {
            Demand::default()
        } else {
            Demand::of(&answer.headers)
        })
    }

    fn learn(&self, challenge: Option<Challenge>) {
        let mut known = self.challenge();
        if challenge.is_some() && known.as_deref() != challenge.as_ref() {
            *known = challenge.map(Arc::new);
        }
    }

    fn challenge(&self) -> MutexGuard<'_, Option<Arc<Challenge>>> {
        self.challenge
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
