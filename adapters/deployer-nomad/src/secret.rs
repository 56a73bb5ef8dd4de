use std::path::PathBuf;

use registrywatcher::ports::BuildError;
use secrecy::{ExposeSecret, SecretString};

use crate::error::ApiError;

/// A secret, or the file that holds it.
#[derive(Debug)]
pub(crate) enum Secret {
    Value(SecretString),
    /// Read at each use, because workload identities and Vault rotate what is in it.
    File(PathBuf),
}

impl Secret {
    /// The one of the two that is set.
    pub(crate) fn choose(
        setting: &str,
        value: Option<SecretString>,
        file: Option<PathBuf>,
    ) -> Result<Option<Self>, BuildError> {
        match (value, file) {
            (Some(_), Some(_)) => Err(BuildError {
                setting: setting.to_owned(),
                problem: format!("`{setting}_file` is set as well; keep one of the two"),
            }),
            (Some(value), None) => Ok(Some(Self::Value(value))),
            (None, Some(file)) => Ok(Some(Self::File(file))),
            (None, None) => Ok(None),
        }
    }

    pub(crate) async fn read(&self) -> Result<SecretString, ApiError> {
        match self {
            Self::Value(secret) => Ok(secret.clone()),
            Self::File(path) => match tokio::fs::read_to_string(path).await {
                Ok(text) => Ok(SecretString::from(text.trim().to_owned())),
                Err(error) => Err(ApiError::Unavailable {
                    problem: format!("the secret in {} cannot be read", path.display()),
                    source: Some(error.into()),
                }),
            },
        }
    }

    /// As the value of a header that is kept out of logs.
    pub(crate) async fn header(&self) -> Result<reqwest::header::HeaderValue, ApiError> {
        let secret = self.read().await?;
        let mut value =
            reqwest::header::HeaderValue::from_str(secret.expose_secret()).map_err(|_| {
                ApiError::Rejected(
                    "nothing: the token has characters that no header can hold".to_owned(),
                )
            })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_given_once() {
        let both = Secret::choose("token", Some("a".into()), Some("b".into())).unwrap_err();
        assert_eq!(
            both.to_string(),
            "token: `token_file` is set as well; keep one of the two"
        );
        assert!(Secret::choose("token", None, None).unwrap().is_none());
    }

    #[tokio::test]
    async fn a_rotated_file_is_read_anew() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let secret = Secret::File(file.path().to_owned());
        for token in ["first\n", "second"] {
            std::fs::write(file.path(), token).unwrap();
            assert_eq!(secret.read().await.unwrap().expose_secret(), token.trim());
        }
    }
}
