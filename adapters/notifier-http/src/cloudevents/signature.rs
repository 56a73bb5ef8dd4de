#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

use crate::error::SinkError;

const PREFIX: &str = "whsec_";

/// How many bytes Standard Webhooks wants a key to have.
const MIN_KEY: usize = 24;
const MAX_KEY: usize = 64;

/// The keys that messages are signed with, at least one.
pub(super) struct SigningKeys(Vec<hmac::Key>);

impl SigningKeys {
    pub(super) fn parse(secrets: &[SecretString]) -> Result<Self, SinkError> {
        if secrets.is_empty() {
            return Err(SinkError::NoSecret);
        }
        let keys = secrets.iter().enumerate().map(|(index, secret)| {
            key(secret.expose_secret()).map_err(|problem| SinkError::BadSecret {
                position: index + 1,
                count: secrets.len(),
                problem,
            })
        });
        Ok(Self(keys.collect::<Result<_, _>>()?))
    }

    /// The value of `webhook-signature`: one signature for each key, separated by spaces.
    pub(super) fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let content = format!("{id}.{timestamp}.{body}");
        let signatures: Vec<String> = self
            .0
            .iter()
            .map(|key| {
                format!(
                    "v1,{}",
                    STANDARD.encode(hmac::sign(key, content.as_bytes()))
                )
            })
            .collect();
        signatures.join(" ")
    }
}

fn key(secret: &str) -> Result<hmac::Key, &'static str> {
    let encoded = secret
        .trim()
        .strip_prefix(PREFIX)
        .ok_or("it does not start with `whsec_`")?;
    let bytes = STANDARD
        .decode(encoded)
        .map_err(|_| "what follows `whsec_` is not base64")?;
    if !(MIN_KEY..=MAX_KEY).contains(&bytes.len()) {
        return Err("a key has 24 to 64 bytes before it is put into base64");
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}
