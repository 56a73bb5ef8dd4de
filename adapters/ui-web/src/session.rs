//! Sessions: a cookie holds a secret, the store its hash, and what it allows is what its token allows at the moment.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{TimeDelta, Utc};
use poem::Request;
use poem::http::HeaderValue;
use poem::http::header::COOKIE;
use registrywatcher::token::{Session, SessionHash, Token};
use ring::digest::{Context, SHA256};

use crate::Settings;
use crate::fault::Fault;
use crate::site::{Site, secret};
use crate::visitor::Visitor;

/// How often the last use of a session is written down at most.
const NOTE_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Who sent a request, by the session that its cookie names.
pub(crate) async fn resume(site: &Site, request: &Request) -> Result<Option<Visitor>, Fault> {
    let Some(secret) = presented(site, request) else {
        return Ok(None);
    };
    let hash = hash(secret);
    let Some(session) = site.sessions.session(&hash).await? else {
        return Ok(None);
    };
    let now = site.now();
    let token = site.door.token(&session.token);
    let Some(token) = token.filter(|_| goes_on(&session, &site.settings, now)) else {
        site.sessions.end_session(&hash).await?;
        return Ok(None);
    };
    if now - session.last_used_at >= NOTE_EVERY {
        site.sessions.note_session_use(&hash, now).await?;
    }
    Ok(Some(Visitor {
        author: token.name.clone(),
        token: Some(token),
        form_token: form_token(secret),
    }))
}

/// Begins a session of the bearer of `token`, and gives the cookie that names it.
pub(crate) async fn begin(site: &Site, token: &Arc<Token>) -> Result<HeaderValue, Fault> {
    let secret = secret().ok_or_else(Fault::broken_off)?;
    let now = site.now();
    prune(site).await;
    let session = Session {
        hash: hash(&secret),
        token: token.hash,
        began_at: now,
        last_used_at: now,
    };
    site.sessions.begin_session(&session).await?;
    cookie(
        &site.settings,
        &secret,
        site.settings.session_lifetime.as_secs(),
    )
}

/// Ends the session that a request names, and gives the cookie that takes its place.
pub(crate) async fn end(site: &Site, request: &Request) -> Result<HeaderValue, Fault> {
    if let Some(secret) = presented(site, request) {
        site.sessions.end_session(&hash(secret)).await?;
    }
    cookie(&site.settings, "", 0)
}

/// Forgets the sessions that are over: whoever signs in puts them away.
async fn prune(site: &Site) {
    let now = site.now();
    let (began, used) = (
        now - site.settings.session_lifetime,
        now - site.settings.session_idle,
    );
    if let Err(error) = site.sessions.prune_sessions(began, used).await {
        tracing::debug!("sessions that are over cannot be put away: {error}");
    }
}

fn goes_on(session: &Session, settings: &Settings, now: chrono::DateTime<Utc>) -> bool {
    now < session.began_at + settings.session_lifetime
        && now < session.last_used_at + settings.session_idle
}

/// The secret that the cookie of a request holds.
fn presented<'a>(site: &Site, request: &'a Request) -> Option<&'a str> {
    let name = name(&site.settings);
    let cookies = request.headers().get_all(COOKIE).iter();
    let cookies = cookies.filter_map(|header| header.to_str().ok());
    let mut pairs = cookies.flat_map(|header| header.split(';'));
    pairs.find_map(|pair| {
        let (known, value) = pair.trim().split_once('=')?;
        (known == name && !value.is_empty()).then_some(value)
    })
}

/// Under the prefix, browsers take the cookie from nobody but this very host, and over TLS alone.
fn name(settings: &Settings) -> &'static str {
    if settings.secure_cookies {
        "__Host-registrywatcher"
    } else {
        "registrywatcher"
    }
}

fn cookie(settings: &Settings, secret: &str, seconds: u64) -> Result<HeaderValue, Fault> {
    let name = name(settings);
    let secure = if settings.secure_cookies {
        "; Secure"
    } else {
        ""
    };
    let text =
        format!("{name}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text).map_err(|_| Fault::broken_off())
}

fn hash(secret: &str) -> SessionHash {
    SessionHash::new(sha256("session", secret))
}

/// What the forms of a session carry: nobody can tell it who does not know the secret, and it does not tell the secret.
fn form_token(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256("form", secret))
}

fn sha256(purpose: &str, secret: &str) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(purpose.as_bytes());
    context.update(b":");
    context.update(secret.as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}
