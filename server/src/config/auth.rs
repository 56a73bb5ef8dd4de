use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use registrywatcher::event::NamePattern;
use registrywatcher::intent::Author;
use registrywatcher::token::{ParseTokenHashError, Reach, Role, Token, TokenHash};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::document::Document;
use super::fault::Findings;
use super::key::Key;
use super::scalar::{Count, count};
use super::secret::read_file;
use super::watches::Names;

/// The section `[auth]`: who may use the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthConfig {
    /// How many failed logins an address may have within a minute.
    pub failed_logins_per_minute: u32,
    /// The bearer tokens that are accepted besides those in the store; with none at all, whoever reaches the address may do
    /// everything.
    pub tokens: Vec<TokenConfig>,
}

/// A bearer token, of which only the hash is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenConfig {
    /// The token as it is accepted.
    pub token: Token,
    /// Where it was read from.
    pub origin: TokenOrigin,
}

/// Where a token's hash was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenOrigin {
    /// The configuration itself, under `sha256`.
    Inline,
    /// A file that holds the hash, under `sha256_file`.
    HashFile(PathBuf),
    /// A file that holds the token, under `token_file`.
    TokenFile(PathBuf),
}

/// The hash of a token.
pub fn token_hash(token: &str) -> TokenHash {
    TokenHash::new(Sha256::digest(token.as_bytes()).into())
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wire {
    failed_logins_per_minute: Option<Count>,
    tokens: Vec<TokenWire>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct TokenWire {
    name: Option<String>,
    role: Option<Role>,
    watches: Option<Vec<String>>,
    expires: Option<String>,
    sha256: Option<String>,
    sha256_file: Option<PathBuf>,
    token_file: Option<PathBuf>,
}

impl Wire {
    /// The section; `watches` are the names of those that are configured.
    pub(super) fn check(
        self,
        at: &Key,
        watches: &Names,
        findings: &mut Findings<'_>,
    ) -> Option<AuthConfig> {
        let failed_logins_per_minute = count(
            findings,
            &at.child("failed_logins_per_minute"),
            self.failed_logins_per_minute,
            1..=1_000_000,
        );
        let at = at.child("tokens");
        let (mut names, mut hashes) = (BTreeSet::new(), BTreeSet::new());
        let expected = self.tokens.len();
        let mut tokens = Vec::new();
        for (index, wire) in self.tokens.into_iter().enumerate() {
            let key = at.child(index);
            let Some(read) = wire.check(&key, watches, findings) else {
                continue;
            };
            let name = &read.token.name;
            if !names.insert(name.clone()) {
                let problem = format!("`{name}` names another token already; choose another name");
                findings.fault(&key.child("name"), problem);
            }
            if !hashes.insert(read.token.hash) {
                findings.fault(&key, "another entry has the same token; make one for each");
            }
            tokens.push(read);
        }
        let failed_logins_per_minute = failed_logins_per_minute?;
        (tokens.len() == expected).then_some(AuthConfig {
            failed_logins_per_minute,
            tokens,
        })
    }
}

impl TokenWire {
    fn check(
        mut self,
        at: &Key,
        watches: &Names,
        findings: &mut Findings<'_>,
    ) -> Option<TokenConfig> {
        let key = at.child("name");
        let name = self.name.take().filter(|name| !name.trim().is_empty());
        let name = findings.require(&key, name, "missing; say whose token it is");
        let key = at.child("role");
        let role = findings.require(
            &key,
            self.role,
            "missing; choose `viewer`, `deployer` or `admin`",
        );
        let reach = reach(self.watches.take(), &at.child("watches"), watches, findings);
        let expires_at = findings.accept(&at.child("expires"), expiry(self.expires.take()));
        let hash = self.hash(at, findings);
        let (hash, origin) = hash?;
        let token = Token {
            name: Author::new(name?),
            role: role?,
            reach: reach?,
            expires_at: expires_at?,
            hash,
        };
        Some(TokenConfig { token, origin })
    }

    fn hash(self, at: &Key, findings: &mut Findings<'_>) -> Option<(TokenHash, TokenOrigin)> {
        match (self.sha256, self.sha256_file, self.token_file) {
            (Some(hex), None, None) => {
                let hash = findings.accept(&at.child("sha256"), hex.parse::<TokenHash>())?;
                Some((hash, TokenOrigin::Inline))
            }
            (None, Some(file), None) => {
                let hash = findings.accept(&at.child("sha256_file"), hash_in(&file))?;
                Some((hash, TokenOrigin::HashFile(file)))
            }
            (None, None, Some(file)) => {
                let hash = findings.accept(&at.child("token_file"), hash_of_token_in(&file))?;
                Some((hash, TokenOrigin::TokenFile(file)))
            }
            (None, None, None) => {
                let problem =
                    "missing; give the token's `sha256`, a `sha256_file` or a `token_file`";
                findings.require(&at.child("sha256"), None, problem)
            }
            _ => {
                let problem = "given twice; keep one of `sha256`, `sha256_file` and `token_file`";
                findings.fault(at, problem);
                None
            }
        }
    }
}

/// The hash in a file as `sha256sum` writes it: its first word.
fn hash_in(file: &Path) -> Result<TokenHash, String> {
    let text = read_file(file)?;
    let word = text.split_whitespace().next().unwrap_or_default();
    word.parse()
        .map_err(|error: ParseTokenHashError| error.to_string())
}

fn hash_of_token_in(file: &Path) -> Result<TokenHash, String> {
    let token = read_file(file)?;
    if token.is_empty() {
        return Err(format!("the file `{}` holds no token", file.display()));
    }
    Ok(token_hash(&token))
}

/// Everything if nothing is said. An empty list would be nothing at all, and is more likely meant as everything.
fn reach(
    texts: Option<Vec<String>>,
    at: &Key,
    watches: &Names,
    findings: &mut Findings<'_>,
) -> Option<Reach> {
    let Some(texts) = texts else {
        return Some(Reach::Everything);
    };
    if texts.is_empty() {
        findings.fault(at, "names no watch; leave it out if the token is for all");
        return None;
    }
    let expected = texts.len();
    let mut patterns = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let key = at.child(index);
        let Some(pattern) = findings.parse::<NamePattern>(&key, text) else {
            continue;
        };
        if !watches.may_fit(&pattern) {
            findings.warn(
                &key,
                format!("`{pattern}` fits no watch that is configured"),
            );
        }
        patterns.push(pattern);
    }
    (patterns.len() == expected).then_some(Reach::Only(patterns))
}

fn expiry(text: Option<String>) -> Result<Option<DateTime<Utc>>, String> {
    let parse = |text: String| match DateTime::parse_from_rfc3339(&text) {
        Ok(moment) => Ok(moment.to_utc()),
        Err(_) => Err(format!(
            "expected a moment such as `2027-01-31T00:00:00Z`, found `{text}`"
        )),
    };
    text.map(parse).transpose()
}

impl AuthConfig {
    pub(super) fn write(&self, document: &mut Document) {
        document.section(&["auth"]);
        let limit = i64::from(self.failed_logins_per_minute);
        document.pair("failed_logins_per_minute", limit);
        for TokenConfig { token, origin } in &self.tokens {
            document.list_item("auth.tokens");
            document.pair("name", token.name.as_str());
            document.pair("role", token.role.name());
            if let Reach::Only(patterns) = &token.reach {
                let texts = patterns.iter().map(ToString::to_string);
                document.pair("watches", texts.collect::<Vec<_>>());
            }
            if let Some(at) = token.expires_at {
                document.pair("expires", at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
            }
            match origin {
                TokenOrigin::Inline => document.pair("sha256", token.hash.to_string()),
                TokenOrigin::HashFile(file) => document.path("sha256_file", file),
                TokenOrigin::TokenFile(file) => document.path("token_file", file),
            }
        }
    }
}
