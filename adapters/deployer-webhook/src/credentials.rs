#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use registrywatcher::ports::BuildError;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

use crate::error::{CallError, fault};
use crate::settings::Settings;
use crate::signature;

/// What is presented to the receiver, or the files that hold it.
pub(crate) struct Credentials {
    keys: Source<Vec<hmac::Key>>,
    headers: Source<Headers>,
}

/// Files are read at each use, because what is in them is rotated.
enum Source<T> {
    Value(T),
    File(PathBuf),
}

/// What goes with one request.
pub(crate) struct Presented {
    pub(crate) keys: Vec<hmac::Key>,
    pub(crate) headers: Headers,
}

/// Headers that are shown nowhere.
#[derive(Clone, Default)]
pub(crate) struct Headers(HeaderMap);

/// Headers that are ours to set, or the connection's.
const RESERVED: [&str; 9] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
];

/// Shorter values stand in many an innocent text.
const SHORTEST_SECRET: usize = 6;

impl Credentials {
    pub(crate) fn of(settings: &Settings) -> Result<Self, BuildError> {
        let given = settings.secrets.iter().map(ExposeSecret::expose_secret);
        let keys = match (&settings.secrets_file, settings.secrets.is_empty()) {
            (Some(_), false) => return Err(twice("secrets")),
            (Some(file), true) => Source::File(file.clone()),
            (None, _) => Source::Value(keys(given).map_err(|problem| fault("secrets", problem))?),
        };
        let given = settings.secret_headers.iter();
        let given = given.map(|(name, value)| (name.as_str(), value.expose_secret()));
        let headers = match (
            &settings.secret_headers_file,
            settings.secret_headers.is_empty(),
        ) {
            (Some(_), false) => return Err(twice("secret_headers")),
            (Some(file), true) => Source::File(file.clone()),
            (None, _) => Source::Value(
                Headers::of(given).map_err(|problem| fault("secret_headers", problem))?,
            ),
        };
        Ok(Self { keys, headers })
    }

    pub(crate) async fn read(&self) -> Result<Presented, CallError> {
        Ok(Presented {
            keys: match &self.keys {
                Source::Value(keys) => keys.clone(),
                Source::File(file) => {
                    let text = read(file).await?;
                    keys(lines(text.expose_secret())).map_err(|problem| spoiled(file, &problem))?
                }
            },
            headers: match &self.headers {
                Source::Value(headers) => headers.clone(),
                Source::File(file) => {
                    let text = read(file).await?;
                    in_lines(text.expose_secret()).map_err(|problem| spoiled(file, &problem))?
                }
            },
        })
    }
}

impl Headers {
    fn of<'a>(given: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            let header: HeaderName = name
                .parse()
                .map_err(|_| format!("`{}` is no name of a header", name.escape_debug()))?;
            if RESERVED.contains(&header.as_str()) {
                return Err(format!("`{name}` is set for each request; take it out"));
            }
            let mut value: HeaderValue = value.parse().map_err(|_| {
                format!("the value of `{name}` has characters that no header can hold")
            })?;
            value.set_sensitive(true);
            headers.append(header, value);
        }
        Ok(Self(headers))
    }

    pub(crate) fn map(&self) -> HeaderMap {
        self.0.clone()
    }

    /// The text without the values of these headers, should a receiver repeat them.
    pub(crate) fn hide_in(&self, text: String) -> String {
        let values = self.0.values().filter_map(|value| value.to_str().ok());
        values
            .flat_map(str::split_whitespace)
            .filter(|word| word.len() >= SHORTEST_SECRET)
            .fold(text, |text, word| text.replace(word, "<redacted>"))
    }
}

fn keys<'a>(secrets: impl Iterator<Item = &'a str>) -> Result<Vec<hmac::Key>, String> {
    let keys = secrets.enumerate().map(|(index, secret)| {
        let position = index + 1;
        signature::key(secret).map_err(|problem| format!("secret {position}: {problem}"))
    });
    let keys: Vec<hmac::Key> = keys.collect::<Result<_, _>>()?;
    if keys.is_empty() {
        let problem =
            "there is no secret to sign with; give `whsec_` and 24 to 64 random bytes in base64";
        return Err(problem.to_owned());
    }
    Ok(keys)
}

fn in_lines(text: &str) -> Result<Headers, String> {
    let pairs: Option<Vec<_>> = lines(text).map(|line| line.split_once(':')).collect();
    let pairs = pairs.ok_or("a line is no `Name: value`")?;
    let trimmed = pairs
        .into_iter()
        .map(|(name, value)| (name.trim(), value.trim()));
    Headers::of(trimmed)
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

async fn read(file: &Path) -> Result<SecretString, CallError> {
    match tokio::fs::read_to_string(file).await {
        Ok(text) => Ok(text.into()),
        Err(error) => Err(CallError::Unavailable {
            problem: format!("{} cannot be read", file.display()),
            source: Some(error.into()),
        }),
    }
}

fn spoiled(file: &Path, problem: &str) -> CallError {
    CallError::Unpresentable(format!("{}: {problem}", file.display()))
}

fn twice(setting: &str) -> BuildError {
    fault(
        setting,
        format!("`{setting}_file` is set as well; keep one of the two"),
    )
}
