use std::{collections::HashMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    call::Call,
    reply::Reply,
    settings::{Authentication, TokenMembers},
};
use crate::clock;

/// How long a token is good that says nothing about it.
const UNSTATED_LIFETIME: Duration = Duration::from_mins(1);

/// The tokens that were given out.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    grants: HashMap<String, Grant>,
    pub(super) issued: u64,
}

#[derive(Debug)]
struct Grant {
    scopes: Vec<String>,
    expires: Instant,
}

impl Tokens {
    pub(super) fn revoke_all(&mut self) {
        self.grants.clear();
    }

    /// Answers a request to `/token`, by the GET flow and by the POST flow of `OAuth2`.
    pub(super) fn answer(&mut self, call: &Call, authentication: &Authentication) -> Reply {
        let Authentication::Bearer {
            service,
            credentials,
            identity_token,
            expires_in,
            members,
        } = authentication
        else {
            return refused(StatusCode::NOT_FOUND, "there is no token service here");
        };
        let parameters = match call.method {
            Method::GET => &call.query,
            Method::POST => &call.form,
            _ => return refused(StatusCode::METHOD_NOT_ALLOWED, "method not allowed"),
        };
        let asked: Vec<&str> = values(parameters, "service").collect();
        if asked != [service.as_str()] {
            return refused(StatusCode::BAD_REQUEST, "unknown service");
        }
        if !is_known(call, credentials.as_ref(), identity_token.as_deref()) {
            return refused(StatusCode::UNAUTHORIZED, "incorrect username or password");
        }
        let scopes = values(parameters, "scope")
            .flat_map(str::split_whitespace)
            .map(str::to_owned)
            .collect();
        let oauth2 = call.method == Method::POST;
        let members = if oauth2 {
            TokenMembers::AccessToken
        } else {
            *members
        };
        self.issue(scopes, *expires_in, members)
    }

    fn issue(
        &mut self,
        scopes: Vec<String>,
        expires_in: Option<Duration>,
        members: TokenMembers,
    ) -> Reply {
        self.issued += 1;
        let token = format!("simulated-{}", self.issued);
        let expires = Instant::now() + expires_in.unwrap_or(UNSTATED_LIFETIME);
        self.grants.insert(token.clone(), Grant { scopes, expires });
        let mut body = json!({"issued_at": clock::rfc3339(clock::unix_nanos())});
        if members != TokenMembers::AccessToken {
            body["token"] = Value::from(token.clone());
        }
        if members != TokenMembers::Token {
            body["access_token"] = Value::from(token);
        }
        if let Some(lifetime) = expires_in {
            body["expires_in"] = lifetime.as_secs().into();
        }
        Reply::json(StatusCode::OK, &body)
    }

    /// Lets a request pass, or answers it with a challenge. `repository` is `None` for `/v2/`.
    pub(super) fn admit(
        &self,
        call: &Call,
        authentication: &Authentication,
        host: &str,
        repository: Option<&str>,
    ) -> Result<(), Reply> {
        match authentication {
            Authentication::Anonymous => Ok(()),
            Authentication::Basic { username, password } => {
                let sent = basic_credentials(call);
                if sent.is_some_and(|(user, word)| user == *username && word == *password) {
                    return Ok(());
                }
                Err(Reply::unauthorized(
                    "Basic realm=\"simulated registry\"".to_owned(),
                ))
            }
            Authentication::Bearer { service, .. } => {
                let scope = repository.map(|name| format!("repository:{name}:pull"));
                self.check(call, scope.as_deref()).map_err(|error| {
                    Reply::unauthorized(challenge(host, service, scope.as_deref(), error))
                })
            }
        }
    }

    fn check(&self, call: &Call, scope: Option<&str>) -> Result<(), Option<&'static str>> {
        let header = call.authorization.as_deref().ok_or(None)?;
        let token = header.strip_prefix("Bearer ").ok_or(None)?;
        let grant = self.grants.get(token).ok_or(Some("invalid_token"))?;
        if grant.expires <= Instant::now() {
            return Err(Some("invalid_token"));
        }
        match scope {
            Some(scope) if !grant.allows(scope) => Err(Some("insufficient_scope")),
            _ => Ok(()),
        }
    }
}

impl Grant {
    fn allows(&self, wanted: &str) -> bool {
        let Some((resource, action)) = wanted.rsplit_once(':') else {
            return false;
        };
        self.scopes.iter().any(|scope| {
            scope.rsplit_once(':').is_some_and(|(name, actions)| {
                name == resource && actions.split(',').any(|granted| granted == action)
            })
        })
    }
}

fn challenge(host: &str, service: &str, scope: Option<&str>, error: Option<&str>) -> String {
    let member = |name: &str, value: Option<&str>| {
        value
            .map(|value| format!(",{name}=\"{value}\""))
            .unwrap_or_default()
    };
    let (scope, error) = (member("scope", scope), member("error", error));
    format!("Bearer realm=\"http://{host}/token\",service=\"{service}\"{scope}{error}")
}

fn is_known(
    call: &Call,
    credentials: Option<&(String, String)>,
    identity_token: Option<&str>,
) -> bool {
    let form = |name| values(&call.form, name).next();
    match form("grant_type") {
        Some("refresh_token") => {
            identity_token.is_some() && form("refresh_token") == identity_token
        }
        Some("password") => {
            let sent = form("username").zip(form("password"));
            credentials.is_none_or(|(user, word)| sent == Some((user.as_str(), word.as_str())))
        }
        _ => credentials.is_none_or(|known| basic_credentials(call).as_ref() == Some(known)),
    }
}

fn basic_credentials(call: &Call) -> Option<(String, String)> {
    let encoded = call.authorization.as_deref()?.strip_prefix("Basic ")?;
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (username, password) = decoded.split_once(':')?;
    Some((username.to_owned(), password.to_owned()))
}

fn values<'a>(pairs: &'a [(String, String)], name: &'a str) -> impl Iterator<Item = &'a str> {
    let named = pairs.iter().filter(move |(key, _)| key == name);
    named.map(|(_, value)| value.as_str())
}

fn refused(status: StatusCode, details: &str) -> Reply {
    Reply::json(status, &json!({"details": details}))
}
