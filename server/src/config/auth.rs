use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use registrywatcher::intent::Author;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::document::Document;
use super::fault::Findings;
use super::key::Key;
use super::secret::read_file;

/// The section `[auth]`: who may use the API.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuthConfig {
    /// The bearer tokens that are accepted; with none, whoever reaches the address may do everything.
    pub tokens: Vec<TokenConfig>,
}

/// A bearer token, of which only the hash is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenConfig {
    /// Whose it is; the author of what is done with it.
    pub name: Author,
    /// What may be done with it.
    pub role: Role,
    /// What it hashes to.
    pub hash: TokenHash,
    /// Where it was read from.
    pub origin: TokenOrigin,
}

/// What the bearer of a token may do; each role may do what the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look.
    Viewer,
    /// Pin, deploy, roll back, hold.
    Deployer,
    /// Override freezes and release quarantined images.
    Admin,
}

/// The SHA-256 of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash([u8; 32]);

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

impl TokenHash {
    /// The hash of `token`.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// The hash itself.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn from_hex(text: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "expected the 64 hexadecimal digits of a SHA-256";
        let mut hash = [0; 32];
        if text.len() != 2 * hash.len() || !text.bytes().all(|c| c.is_ascii_hexdigit()) {
            return Err(EXPECTED);
        }
        for (index, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..][..2], 16).map_err(|_| EXPECTED)?;
        }
        Ok(Self(hash))
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wire {
    tokens: Vec<TokenWire>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct TokenWire {
    name: Option<String>,
    role: Option<Role>,
    sha256: Option<String>,
    sha256_file: Option<PathBuf>,
    token_file: Option<PathBuf>,
}

impl Wire {
    pub(super) fn check(self, at: &Key, findings: &mut Findings<'_>) -> Option<AuthConfig> {
        let at = at.child("tokens");
        let (mut names, mut hashes) = (BTreeSet::new(), BTreeSet::new());
        let expected = self.tokens.len();
        let mut tokens = Vec::new();
        for (index, wire) in self.tokens.into_iter().enumerate() {
            let key = at.child(index);
            let Some(token) = wire.check(&key, findings) else {
                continue;
            };
            if !names.insert(token.name.clone()) {
                let problem = format!(
                    "`{}` names another token already; choose another name",
                    token.name
                );
                findings.fault(&key.child("name"), problem);
            }
            if !hashes.insert(token.hash) {
                findings.fault(&key, "another entry has the same token; make one for each");
            }
            tokens.push(token);
        }
        (tokens.len() == expected).then_some(AuthConfig { tokens })
    }
}

impl TokenWire {
    fn check(mut self, at: &Key, findings: &mut Findings<'_>) -> Option<TokenConfig> {
        let key = at.child("name");
        let name = self.name.take().filter(|name| !name.trim().is_empty());
        let name = findings.require(&key, name, "missing; say whose token it is");
        let key = at.child("role");
        let role = findings.require(
            &key,
            self.role,
            "missing; choose `viewer`, `deployer` or `admin`",
        );
        let hash = self.hash(at, findings);
        let (hash, origin) = hash?;
        Some(TokenConfig {
            name: Author::new(name?),
            role: role?,
            hash,
            origin,
        })
    }

    fn hash(self, at: &Key, findings: &mut Findings<'_>) -> Option<(TokenHash, TokenOrigin)> {
        match (self.sha256, self.sha256_file, self.token_file) {
            (Some(hex), None, None) => {
                let hash = findings.accept(&at.child("sha256"), TokenHash::from_hex(&hex))?;
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
    TokenHash::from_hex(text.split_whitespace().next().unwrap_or_default()).map_err(str::to_owned)
}

fn hash_of_token_in(file: &Path) -> Result<TokenHash, String> {
    let token = read_file(file)?;
    if token.is_empty() {
        return Err(format!("the file `{}` holds no token", file.display()));
    }
    Ok(TokenHash::of(&token))
}

impl Role {
    fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Deployer => "deployer",
            Self::Admin => "admin",
        }
    }
}

impl AuthConfig {
    pub(super) fn write(&self, document: &mut Document) {
        for token in &self.tokens {
            document.list_item("auth.tokens");
            document.pair("name", token.name.as_str());
            document.pair("role", token.role.word());
            match &token.origin {
                TokenOrigin::Inline => document.pair("sha256", token.hash.to_string()),
                TokenOrigin::HashFile(file) => document.path("sha256_file", file),
                TokenOrigin::TokenFile(file) => document.path("token_file", file),
            }
        }
    }
}
