use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::fault::Findings;
use super::key::Key;

/// What stands where a secret is not shown.
pub const REDACTED: &str = "<redacted>";

/// A secret, and the file it was read from, if it was.
#[derive(Clone)]
pub struct Secret {
    value: SecretString,
    file: Option<PathBuf>,
}

impl Secret {
    /// A secret that stands in the configuration itself.
    pub fn inline(value: impl Into<String>) -> Self {
        Self {
            value: SecretString::from(value.into()),
            file: None,
        }
    }

    /// The secret, still wrapped.
    pub fn value(&self) -> &SecretString {
        &self.value
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        self.value.expose_secret()
    }

    /// The file it was read from.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The key that it was given under: `key`, or the one of a file.
    pub(super) fn key(&self, key: Key) -> Key {
        if self.file.is_some() {
            key.file_twin()
        } else {
            key
        }
    }

    /// Takes several secrets as one, a line each, as they stand in a file.
    pub(super) fn take_lines(
        findings: &mut Findings<'_>,
        at: &Key,
        name: &str,
        list: Option<Vec<SecretString>>,
        file: Option<PathBuf>,
    ) -> Option<Self> {
        let joined = list.map(|list| {
            let list: Vec<&str> = list.iter().map(ExposeSecret::expose_secret).collect();
            SecretString::from(list.join("\n"))
        });
        Self::take(findings, at, name, joined, file)
    }

    /// Takes the secret `name` from its key or from the file under `<name>_file`; both at once is a fault.
    pub(super) fn take(
        findings: &mut Findings<'_>,
        at: &Key,
        name: &str,
        value: Option<SecretString>,
        file: Option<PathBuf>,
    ) -> Option<Self> {
        let key = at.child(name);
        let file_key = key.file_twin();
        let (secret, key) = match (value, file) {
            (None, None) => return None,
            (Some(_), Some(_)) => {
                findings.fault(
                    &key,
                    format!("given twice, as `{name}` and as `{name}_file`; keep one"),
                );
                return None;
            }
            (Some(value), None) => (Self { value, file: None }, key),
            (None, Some(file)) => {
                let text = findings.accept(&file_key, read_file(&file))?;
                (
                    Self {
                        value: text.into(),
                        file: Some(file),
                    },
                    file_key,
                )
            }
        };
        if secret.expose().is_empty() {
            findings.fault(&key, "the secret is empty");
            return None;
        }
        Some(secret)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose() && self.file == other.file
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "Secret(from {})", file.display()),
            None => f.write_str("Secret(..)"),
        }
    }
}

/// The text of a file, without the line break that editors leave at its end.
pub(super) fn read_file(file: &Path) -> Result<String, String> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
        Err(error) => Err(format!(
            "the file `{}` cannot be read: {error}",
            file.display()
        )),
    }
}

/// A URL without its password and, where it may hold secrets, its query.
pub(super) fn redact_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (before_query, query) = match rest.split_once('?') {
        Some((before, query)) if query.to_lowercase().contains("pass") => {
            (before, format!("?{REDACTED}"))
        }
        Some((before, query)) => (before, format!("?{query}")),
        None => (rest, String::new()),
    };
    let (user, host) = match before_query.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((name, _)) => (format!("{name}:{REDACTED}@"), host),
            None => (format!("{user}@"), host),
        },
        None => (String::new(), before_query),
    };
    format!("{scheme}://{user}{host}{query}")
}
