use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use registrywatcher::ports::Credential;
use reqwest::header::HeaderValue;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use crate::fault::Fault;

/// A credential, and something to know it again by.
#[derive(Debug)]
pub(crate) struct Presented {
    pub(crate) credential: Credential,
    pub(crate) id: CredentialId,
}

/// Tells credentials apart without keeping them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CredentialId([u8; 16]);

impl Presented {
    pub(crate) fn new(credential: Credential) -> Self {
        let parts: [&str; 3] = match &credential {
            Credential::Anonymous => ["anonymous", "", ""],
            Credential::Basic { username, password } => {
                ["basic", username, password.expose_secret()]
            }
            Credential::IdentityToken(token) => ["identity", token.expose_secret(), ""],
            Credential::RegistryToken(token) => ["registry", token.expose_secret(), ""],
        };
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part.len().to_le_bytes());
            hasher.update(part);
        }
        let mut id = [0; 16];
        id.copy_from_slice(&hasher.finalize()[..16]);
        Self {
            credential,
            id: CredentialId(id),
        }
    }

    pub(crate) fn is_anonymous(&self) -> bool {
        matches!(self.credential, Credential::Anonymous)
    }

    /// The account that a quota belongs to, if it has a name.
    pub(crate) fn username(&self) -> Option<&str> {
        match &self.credential {
            Credential::Basic { username, .. } => Some(username),
            _ => None,
        }
    }
}

/// `Authorization: Basic …`; the password may hold any character, the user name no colon.
pub(crate) fn basic(username: &str, password: &str) -> Result<HeaderValue, Fault> {
    if username.contains(':') {
        return Err(Fault::Unauthorized(
            "the user name holds a `:`, which Basic cannot carry".into(),
        ));
    }
    header("Basic", &STANDARD.encode(format!("{username}:{password}")))
}

/// `Authorization: Bearer …`.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, Fault> {
    header("Bearer", token)
}

fn header(scheme: &str, value: &str) -> Result<HeaderValue, Fault> {
    let mut header = HeaderValue::from_str(&format!("{scheme} {value}"))
        .map_err(|_| Fault::Unauthorized("a token holds characters that no header may".into()))?;
    header.set_sensitive(true);
    Ok(header)
}
