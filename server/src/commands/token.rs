//! `token`: the bearer tokens in the store.
//!
//! The store is opened directly: somebody must make the first token before anybody can ask the API. On SQLite that goes on
//! beside a running service, in short transactions. The schema is left as it is.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use registrywatcher::event::{EventKind, NewEvent};
use registrywatcher::intent::Author;
use registrywatcher::ports::{Clock, Tokens};
use registrywatcher::token::{Reach, StoredToken, TokenName};
use registrywatcher_store_sea_orm::SeaOrmStore;
use ring::rand::{SecureRandom, SystemRandom};

use crate::cli::{ConfigFile, TokenNew, TokenRevoke};
use crate::clock::SystemClock;
use crate::commands::config::load;
use crate::config::{Config, Environment, token_hash};
use crate::runtime::FOLLOW_TOKENS_EVERY;
use crate::table::Table;
use crate::wiring::{connect_store, store_url};

/// By what scanners for secrets that were left lying about recognise a token.
const PREFIX: &str = "rw_";

/// Whoever has the store's credentials; who that is cannot be told.
const AUTHOR: &str = "the command line";

/// Makes a token and prints it alone on standard output, so that it can be put away by `>`.
pub(crate) async fn new(args: &TokenNew, environment: &Environment) -> anyhow::Result<ExitCode> {
    let config = load(&args.config, environment)?.config;
    let mut configured = config.auth.tokens.iter();
    anyhow::ensure!(
        !configured.any(|known| known.token.name.as_str() == args.name.as_str()),
        "the configuration has a token `{}` already; choose another name",
        args.name
    );
    let secret = secret()?;
    let token = stored_token(args, &secret, SystemClock::start().now())?;
    let store = open(&config).await?;
    anyhow::ensure!(
        store.add_token(&token, created(&token)).await?,
        "there is a token `{}` already; choose another name, or revoke it first",
        args.name
    );
    for pattern in &args.watches {
        if !config
            .watches
            .keys()
            .any(|name| pattern.matches(name.as_str()))
        {
            eprintln!("warning: `{pattern}` fits no watch that is configured");
        }
    }
    println!("{secret}");
    eprintln!(
        "this is token `{}`, shown this once; a running service accepts it within {} s",
        args.name,
        FOLLOW_TOKENS_EVERY.as_secs()
    );
    Ok(ExitCode::SUCCESS)
}

/// Prints a row for each token, expired ones too.
pub(crate) async fn list(file: &ConfigFile, environment: &Environment) -> anyhow::Result<ExitCode> {
    let config = load(file, environment)?.config;
    let tokens = stored(&config).await?;
    let now = SystemClock::start().now();
    let mut table = Table::new(["NAME", "ROLE", "WATCHES", "CREATED", "EXPIRES", "LAST USED"]);
    for token in &tokens {
        table.row(row(token, now));
    }
    print!("{table}");
    Ok(ExitCode::SUCCESS)
}

/// Forgets a token.
pub(crate) async fn revoke(
    args: &TokenRevoke,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let config = load(&args.config, environment)?.config;
    let store = open(&config).await?;
    anyhow::ensure!(
        store.remove_token(&args.name, revoked(&args.name)).await?,
        "there is no token `{}` in the store; `token list` shows those there are",
        args.name
    );
    println!(
        "token `{}` is revoked; a running service refuses it within {} s",
        args.name,
        FOLLOW_TOKENS_EVERY.as_secs()
    );
    Ok(ExitCode::SUCCESS)
}

/// Refuses to serve a network where nobody would be asked for a token; said before anything is bound.
///
/// A token that has expired counts: it opens nothing, and a service that would not start again because of it would stop
/// deploying.
pub(crate) async fn check_exposure(config: &Config) -> anyhow::Result<()> {
    match config.check_exposure() {
        Err(refusal) if stored(config).await?.is_empty() => Err(refusal.into()),
        _ => Ok(()),
    }
}

/// The tokens in the store, which may not exist yet.
async fn stored(config: &Config) -> anyhow::Result<Vec<StoredToken>> {
    if !exists(config)? {
        return Ok(Vec::new());
    }
    let store = connect_store(config).await?;
    match store.tokens().await {
        Err(_) if !is_migrated(&store).await? => Ok(Vec::new()),
        tokens => tokens.context("cannot read the tokens in the store"),
    }
}

/// Opens the store, which must have a place for tokens.
async fn open(config: &Config) -> anyhow::Result<SeaOrmStore> {
    const MIGRATE: &str = "run `registrywatcher migrate`, or start the service, first";
    anyhow::ensure!(exists(config)?, "the store does not exist yet; {MIGRATE}");
    let store = connect_store(config).await?;
    let is_readable = store.tokens().await.is_ok() || is_migrated(&store).await?;
    anyhow::ensure!(
        is_readable,
        "the store has no place for tokens yet; {MIGRATE}"
    );
    Ok(store)
}

/// Opening a SQLite file that does not exist would make one.
fn exists(config: &Config) -> anyhow::Result<bool> {
    let file = store_url(config)?.sqlite_file().map(Path::exists);
    Ok(file.unwrap_or(true))
}

async fn is_migrated(store: &SeaOrmStore) -> anyhow::Result<bool> {
    let status = store.migration_status().await.context("store.url")?;
    Ok(status.iter().all(|migration| migration.is_applied))
}

fn created(token: &StoredToken) -> NewEvent {
    NewEvent {
        at: token.created_at,
        kind: EventKind::TokenCreated {
            name: token.name.clone(),
            role: token.role,
            by: Author::new(AUTHOR),
        },
    }
}

fn revoked(name: &TokenName) -> NewEvent {
    NewEvent {
        at: SystemClock::start().now(),
        kind: EventKind::TokenRevoked {
            name: name.clone(),
            by: Author::new(AUTHOR),
        },
    }
}

/// 256 random bits.
fn secret() -> anyhow::Result<String> {
    use std::fmt::Write as _;

    let mut bits = [0; 32];
    let filled = SystemRandom::new().fill(&mut bits);
    filled.ok().context("the system gives no random bits")?;
    let mut text = PREFIX.to_owned();
    for byte in bits {
        write!(text, "{byte:02x}")?;
    }
    Ok(text)
}

fn stored_token(args: &TokenNew, secret: &str, now: DateTime<Utc>) -> anyhow::Result<StoredToken> {
    let expires_at = args.expires.map(|lasting| expiry(now, lasting));
    Ok(StoredToken {
        name: args.name.clone(),
        role: args.role,
        reach: match args.watches.as_slice() {
            [] => Reach::Everything,
            patterns => Reach::Only(patterns.to_vec()),
        },
        hash: token_hash(secret),
        created_at: now,
        expires_at: expires_at.transpose()?,
        last_used_at: None,
    })
}

fn expiry(now: DateTime<Utc>, lasting: Duration) -> anyhow::Result<DateTime<Utc>> {
    const LONGEST: Duration = Duration::from_hours(24 * 365 * 100);
    anyhow::ensure!(
        (Duration::from_secs(1)..=LONGEST).contains(&lasting),
        "--expires: expected a second or more and a century at most"
    );
    Ok(now + lasting)
}

fn row(token: &StoredToken, now: DateTime<Utc>) -> [String; 6] {
    let moment = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let or = |at: Option<DateTime<Utc>>, none: &str| at.map_or_else(|| none.to_owned(), moment);
    let is_expired = token.expires_at.is_some_and(|at| at <= now);
    let expires = or(token.expires_at, "never");
    [
        token.name.to_string(),
        token.role.to_string(),
        match &token.reach {
            Reach::Everything => "all".to_owned(),
            Reach::Only(patterns) => {
                let texts: Vec<String> = patterns.iter().map(ToString::to_string).collect();
                texts.join(",")
            }
        },
        moment(token.created_at),
        if is_expired {
            format!("{expires} (expired)")
        } else {
            expires
        },
        or(token.last_used_at, "never"),
    ]
}

#[cfg(test)]
mod tests;
