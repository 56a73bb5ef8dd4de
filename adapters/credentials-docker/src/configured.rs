use std::path::PathBuf;

use registrywatcher::ports::Credential;
use secrecy::SecretString;

use crate::fault::Fault;
use crate::watched_file::WatchedFile;

/// What our own configuration says to present to a registry.
#[derive(Debug, Clone)]
pub enum ConfiguredCredential {
    /// A user name and a password or access token.
    Basic {
        /// The user name.
        username: String,
        /// The password or access token.
        password: SecretSource,
    },
    /// A refresh token of the registry's OAuth 2 endpoint.
    IdentityToken(SecretSource),
    /// A bearer token that is presented as it is.
    RegistryToken(SecretSource),
}

/// Where a secret of the configuration stands.
#[derive(Debug, Clone)]
pub enum SecretSource {
    /// In the configuration itself.
    Value(SecretString),
    /// In a file of its own, which is read again when it changes; a line break at its end does not count.
    File(PathBuf),
}

/// A [`ConfiguredCredential`] with what was last read of its file.
#[derive(Debug)]
pub(crate) struct Configured {
    shape: Shape,
    secret: Secret,
}

#[derive(Debug)]
enum Shape {
    Basic { username: String },
    IdentityToken,
    RegistryToken,
}

#[derive(Debug)]
enum Secret {
    Value(SecretString),
    File(WatchedFile<SecretString>),
}

impl From<ConfiguredCredential> for Configured {
    fn from(credential: ConfiguredCredential) -> Self {
        let (shape, source) = match credential {
            ConfiguredCredential::Basic { username, password } => {
                (Shape::Basic { username }, password)
            }
            ConfiguredCredential::IdentityToken(token) => (Shape::IdentityToken, token),
            ConfiguredCredential::RegistryToken(token) => (Shape::RegistryToken, token),
        };
        let secret = match source {
            SecretSource::Value(value) => Secret::Value(value),
            SecretSource::File(path) => Secret::File(WatchedFile::new(path)),
        };
        Self { shape, secret }
    }
}

impl Configured {
    pub(crate) async fn credential(&self) -> Result<Credential, Fault> {
        let secret = self.secret.read().await?;
        Ok(match &self.shape {
            Shape::Basic { username } => Credential::Basic {
                username: username.clone(),
                password: secret,
            },
            Shape::IdentityToken => Credential::IdentityToken(secret),
            Shape::RegistryToken => Credential::RegistryToken(secret),
        })
    }
}

impl Secret {
    async fn read(&self) -> Result<SecretString, Fault> {
        let file = match self {
            Self::Value(value) => return Ok(value.clone()),
            Self::File(file) => file,
        };
        let unreadable = |problem: &str| {
            Fault::Unreadable(format!(
                "the secret file `{}`: {problem}",
                file.path().display()
            ))
        };
        match file.read(parse_secret).await {
            Ok(Some(secret)) => Ok(SecretString::clone(&secret)),
            Ok(None) => Err(unreadable("there is no such file")),
            Err(problem) => Err(unreadable(&problem)),
        }
    }
}

fn parse_secret(text: &str) -> Result<SecretString, String> {
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(secret.into())
}
