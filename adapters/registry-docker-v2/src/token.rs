//! Having a bearer token issued.

use std::time::Duration;

use chrono::{DateTime, Utc};
use registrywatcher::ports::{Clock, Credential};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use reqwest::{RequestBuilder, StatusCode};
use secrecy::ExposeSecret;
use serde::Deserialize;
use url::Url;

use crate::answer::Answer;
use crate::credential::{Presented, basic, bearer};
use crate::fault::Fault;
use crate::transport::Transport;

/// A bearer token, as it is presented.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) header: HeaderValue,
    /// Monotonic; from then on another one is asked for.
    pub(crate) renews_at: Duration,
}

/// Where and for what a token is asked.
#[derive(Debug)]
pub(crate) struct TokenRequest<'a> {
    pub(crate) realm: Url,
    pub(crate) service: Option<&'a str>,
    /// `repository:<name>:pull` and nothing else: some registries refuse all when one action is too much.
    pub(crate) scope: &'a str,
}

/// A token server's answer; either name of the token will do.
#[derive(Deserialize)]
struct Answered {
    token: Option<String>,
    access_token: Option<String>,
    #[serde(default)]
    expires_in: serde_json::Value,
    #[serde(default)]
    issued_at: serde_json::Value,
}

/// How we call ourselves to a token server.
const CLIENT_ID: &str = "registrywatcher";

/// The life of a token that does not say how long it lives, and the shortest that is believed.
const SHORTEST_LIFE: Duration = Duration::from_mins(1);

/// A longer life is not believed.
const LONGEST_LIFE: Duration = Duration::from_hours(24);

/// How long before its end a token is renewed, so that none dies on its way.
const MARGIN: Duration = Duration::from_secs(5);

/// Tokens of some token servers carry all rights of an account, but not more than this.
const MAX_TOKEN_BYTES: usize = 1 << 20;

impl TokenRequest<'_> {
    /// Has a token issued. A refusal of the credential itself is [`Refusal::Credential`].
    pub(crate) async fn send(
        &self,
        transport: &Transport,
        presented: &Presented,
        clock: &dyn Clock,
    ) -> Result<Token, Refusal> {
        let asked_at = clock.monotonic();
        let builder = match &presented.credential {
            Credential::IdentityToken(token) => self.post(transport, token.expose_secret()),
            Credential::Basic { username, password } => self
                .get(transport, Some(username))
                .header(AUTHORIZATION, basic(username, password.expose_secret())?),
            Credential::Anonymous | Credential::RegistryToken(_) => self.get(transport, None),
        };
        let builder = builder.header(ACCEPT, "application/json");
        let answer = transport
            .exchange(builder, presented.id, MAX_TOKEN_BYTES)
            .await?;
        if !answer.status.is_success() {
            return Err(self.refusal(&answer, presented));
        }
        let issued: Answered = serde_json::from_slice(&answer.body).map_err(|error| {
            Fault::Invalid(format!(
                "the answer of the token server cannot be read: {error}"
            ))
        })?;
        let life = issued.life(clock.now());
        let names = [issued.token, issued.access_token];
        let token = names
            .into_iter()
            .flatten()
            .find(|token| !token.is_empty())
            .ok_or_else(|| {
                Fault::Invalid("the token server answers neither `token` nor `access_token`".into())
            })?;
        Ok(Token {
            header: bearer(&token)?,
            renews_at: asked_at + life.saturating_sub(MARGIN),
        })
    }

    fn get(&self, transport: &Transport, account: Option<&str>) -> RequestBuilder {
        let mut url = self.realm.clone();
        {
            let mut query = url.query_pairs_mut();
            query.extend_pairs(self.service.map(|service| ("service", service)));
            query
                .append_pair("scope", self.scope)
                .append_pair("client_id", CLIENT_ID);
            query.extend_pairs(account.map(|account| ("account", account)));
        }
        transport.client.get(url)
    }

    fn post(&self, transport: &Transport, refresh_token: &str) -> RequestBuilder {
        let mut form = vec![
            ("grant_type", "refresh_token"),
            ("client_id", CLIENT_ID),
            ("scope", self.scope),
            ("refresh_token", refresh_token),
        ];
        form.extend(self.service.map(|service| ("service", service)));
        transport.client.post(self.realm.clone()).form(&form)
    }

    fn refusal(&self, answer: &Answer, presented: &Presented) -> Refusal {
        let server = self.realm.host_str().unwrap_or_default();
        let words = format!("the token server {server} answers {}", answer.words());
        let is_identity_token = matches!(presented.credential, Credential::IdentityToken(_));
        match answer.status {
            // Private and missing repositories look alike to somebody unknown.
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if presented.is_anonymous() => {
                Refusal::Other(Fault::NotFound)
            }
            StatusCode::UNAUTHORIZED => Refusal::Credential(words),
            StatusCode::BAD_REQUEST if is_identity_token => Refusal::Credential(words),
            StatusCode::FORBIDDEN => Refusal::Other(Fault::Unauthorized(words)),
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED if is_identity_token => {
                Refusal::Other(Fault::Unauthorized(format!(
                    "{words}; it takes no identity tokens, configure a user name and a password"
                )))
            }
            status if status.is_server_error() => Refusal::Other(Fault::unavailable(words)),
            _ => Refusal::Other(Fault::Invalid(words)),
        }
    }
}

/// Why there is no token.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The credential is wrong: asking again with it locks accounts.
    Credential(String),
    /// Anything else.
    Other(Fault),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Other(fault)
    }
}

impl Answered {
    /// How long the token lives from now.
    ///
    /// What was issued a while ago has lived for that while; a date in the future, or one that makes the token dead on
    /// arrival, is a clock that goes wrong and says nothing.
    fn life(&self, now: DateTime<Utc>) -> Duration {
        let life = self
            .expires_in
            .as_f64()
            .or_else(|| self.expires_in.as_str()?.parse().ok())
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .unwrap_or(SHORTEST_LIFE)
            .clamp(SHORTEST_LIFE, LONGEST_LIFE);
        let age = self
            .issued_at
            .as_str()
            .and_then(|date| DateTime::parse_from_rfc3339(date).ok())
            .and_then(|date| (now - date.to_utc()).to_std().ok())
            .filter(|age| *age + MARGIN < life);
        life.saturating_sub(age.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn lives(json: &str, seconds: u64) {
        let issued: Answered = serde_json::from_str(json).unwrap();
        let now = DateTime::parse_from_rfc3339("2026-11-24T12:00:00Z")
            .unwrap()
            .to_utc();
        assert_eq!(issued.life(now).as_secs(), seconds, "{json}");
    }

    #[test]
    fn a_token_lives_as_long_as_it_says_by_a_clock_that_can_be_true() {
        lives(r#"{"expires_in":300}"#, 300);
        lives("{}", 60);
        lives(r#"{"expires_in":"300"}"#, 300);
        lives(r#"{"expires_in":10}"#, 60);
        lives(r#"{"expires_in":-1}"#, 60);
        lives(
            r#"{"expires_in":300,"issued_at":"2026-11-24T11:59:00Z"}"#,
            240,
        );
        lives(
            r#"{"expires_in":300,"issued_at":"2026-11-24T13:00:00Z"}"#,
            300,
        );
        lives(
            r#"{"expires_in":300,"issued_at":"2026-11-24T11:00:00Z"}"#,
            300,
        );
        lives(
            r#"{"expires_in":300,"issued_at":"0001-01-01T00:00:00Z"}"#,
            300,
        );
        lives(r#"{"expires_in":300,"issued_at":"yesterday"}"#, 300);
    }
}
