use registrywatcher::ports::Credential;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::process::Output;

/// The user name by which a helper says that its secret is an identity token.
const IDENTITY_TOKEN_USER: &str = "<token>";

/// How a helper says, by an exit status other than 0, that it has nothing.
const NOT_FOUND: &str = "credentials not found";

const MAX_WORDS: usize = 200;

#[derive(Deserialize)]
struct Kept {
    #[serde(rename = "Username")]
    username: String,
    #[serde(rename = "Secret")]
    secret: SecretString,
}

/// Reads what a helper's `get` wrote; a problem never quotes what may hold a secret.
pub(super) fn read(output: &Output) -> Result<Option<Credential>, String> {
    let text = String::from_utf8_lossy(&output.stdout);
    if output.status.success() {
        return read_kept(&text);
    }
    if text.contains(NOT_FOUND) {
        return Ok(None);
    }
    Err(match words(&text) {
        Some(words) => format!("{}: {words}", output.status),
        None => format!("{}, without a word", output.status),
    })
}

fn read_kept(text: &str) -> Result<Option<Credential>, String> {
    let Kept { username, secret } = serde_json::from_str(text)
        .map_err(|_| "it answered something else than JSON with `Username` and `Secret`")?;
    Ok(if secret.expose_secret().is_empty() {
        None
    } else if username == IDENTITY_TOKEN_USER {
        Some(Credential::IdentityToken(secret))
    } else {
        Some(Credential::Basic {
            username,
            password: secret,
        })
    })
}

/// The first line of a helper's complaint, unless it looks like the JSON that would hold a secret.
fn words(text: &str) -> Option<String> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    if text.contains('{') {
        return Some("it complained in JSON, which is not shown".to_owned());
    }
    Some(
        line.chars()
            .filter(|c| !c.is_control())
            .take(MAX_WORDS)
            .collect(),
    )
}
