use std::fmt;

use registrywatcher::intent::Author;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::problem::{Fault, Kind};

/// What a caller may do. Each role may do all that the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Read.
    Viewer,
    /// Change what is wanted, and ask for deployments.
    Deployer,
    /// Everything.
    Admin,
}

impl Role {
    /// The role with its article.
    fn with_article(self) -> &'static str {
        match self {
            Self::Viewer => "a viewer",
            Self::Deployer => "a deployer",
            Self::Admin => "an admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Viewer => "viewer",
            Self::Deployer => "deployer",
            Self::Admin => "admin",
        })
    }
}

/// A bearer token that is accepted; only its hash is known.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// Who presents it: the author of what is asked for with it.
    pub name: String,
    /// What it allows.
    pub role: Role,
    /// The SHA-256 of the token.
    pub sha256: [u8; 32],
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// Who may call. Without tokens, everybody may do everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// The tokens that are accepted.
    pub tokens: Vec<Token>,
}

/// Who sent a request, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) author: Author,
    role: Role,
}

impl Caller {
    /// Refuses a caller who may not do what takes `role`.
    pub(crate) fn ensure(&self, role: Role) -> Result<(), Fault> {
        if self.role >= role {
            return Ok(());
        }
        let (has, takes) = (self.role.with_article(), role.with_article());
        let detail = format!("`{}` is {has}, and this takes {takes}", self.author);
        Err(Fault::new(Kind::Forbidden, detail))
    }
}

impl Access {
    /// Whether every caller may do everything.
    pub(crate) fn is_open(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Who sent a request with this `Authorization` header, if they may do what takes `role`.
    pub(crate) fn admit(&self, authorization: Option<&str>, role: Role) -> Result<Caller, Fault> {
        if self.is_open() {
            return Ok(Caller {
                author: Author::new("anonymous"),
                role: Role::Admin,
            });
        }
        let Some(presented) = authorization.and_then(bearer) else {
            let detail = "a bearer token is needed: `Authorization: Bearer <token>`";
            return Err(Fault::new(Kind::Unauthenticated, detail));
        };
        let Some(token) = self.find(presented) else {
            return Err(Fault::new(
                Kind::Unauthenticated,
                "the bearer token is not known",
            ));
        };
        let caller = Caller {
            author: Author::new(token.name.as_str()),
            role: token.role,
        };
        caller.ensure(role)?;
        Ok(caller)
    }

    /// Compares with every token, so that the time it takes tells nothing about any.
    fn find(&self, presented: &str) -> Option<&Token> {
        let presented: [u8; 32] = Sha256::digest(presented.as_bytes()).into();
        let mut found = None;
        for token in &self.tokens {
            if bool::from(token.sha256.ct_eq(&presented)) {
                found = Some(token);
            }
        }
        found
    }
}

fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
