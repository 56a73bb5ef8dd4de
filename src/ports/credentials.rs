//! What to present to a registry.

use async_trait::async_trait;
use secrecy::SecretString;

use crate::image::RegistryHost;

/// What is presented to a registry.
#[derive(Debug, Clone)]
pub enum Credential {
    /// Nothing.
    Anonymous,
    /// A user name and a password or access token, exchanged for a bearer token where the registry wants one.
    Basic {
        /// The user name.
        username: String,
        /// The password or access token; it may hold any character.
        password: SecretString,
    },
    /// A refresh token of the registry's OAuth 2 endpoint (`identitytoken` in Docker's config file).
    IdentityToken(SecretString),
    /// A bearer token that is presented as it is (`registrytoken` in Docker's config file).
    RegistryToken(SecretString),
}

/// Why credentials could not be had.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// A file that holds them cannot be read or understood.
    #[error("the credentials for {registry} cannot be read: {problem}")]
    Unreadable {
        /// For which registry.
        registry: RegistryHost,
        /// What is wrong, where, and what to do.
        problem: String,
    },
    /// A credential helper failed.
    #[error("the credential helper `{helper}` failed for {registry}: {problem}")]
    Helper {
        /// For which registry.
        registry: RegistryHost,
        /// The helper's program.
        helper: String,
        /// Its words, without secrets.
        problem: String,
    },
}

/// Knows what to present to each registry.
///
/// # Contract
///
/// Checked by `registrywatcher_conformance::credentials_suite!`:
///
/// - A registry that nothing is configured for gets [`Credential::Anonymous`], not an error.
/// - The credentials of one registry are never given for another.
/// - A password that holds a `:` is kept whole.
/// - No secret appears in `Debug` or in an error.
#[async_trait]
pub trait Credentials: Send + Sync {
    /// What to present to `registry`.
    async fn credential(&self, registry: &RegistryHost) -> Result<Credential, CredentialsError>;
}
