use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Why a text holds no user and password; never quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeAuthError {
    /// It is not base64.
    #[error("it is not base64")]
    NotBase64,
    /// It is base64 of something that is no text.
    #[error("it is base64 of something that is no UTF-8 text")]
    NotText,
    /// It decodes to a text of another shape.
    #[error(
        "it decodes neither to `user:password` nor to a JSON object with `username` and `password`"
    )]
    NoUserAndPassword,
}

/// Docker's own JSON form, as in its `X-Registry-Auth` header.
#[derive(Deserialize)]
struct UserAndPassword {
    username: String,
    password: SecretString,
}

/// Either alphabet, with or without padding: `base64`, Docker and people differ.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Reads a user name and a password from base64 of `user:password` or of `{"username": …, "password": …}`.
///
/// This is the `auth` of Docker's `config.json` and the `registry_auth` of the Go service. The text is split at the first
/// `:` only, since a password may hold more; Docker's trailing NUL is no part of it.
pub fn decode_auth(encoded: &str) -> Result<(String, SecretString), DecodeAuthError> {
    let text = decode_text(encoded)?;
    if let Ok(UserAndPassword { username, password }) = serde_json::from_str(&text) {
        return Ok((username, password));
    }
    let is_other_json = text.starts_with('{') && serde_json::from_str::<IgnoredAny>(&text).is_ok();
    match text.trim_end_matches('\0').split_once(':') {
        Some((username, password)) if !username.is_empty() && !is_other_json => {
            Ok((username.to_owned(), password.into()))
        }
        _ => Err(DecodeAuthError::NoUserAndPassword),
    }
}

fn decode_text(encoded: &str) -> Result<String, DecodeAuthError> {
    let standard: String = encoded
        .chars()
        .filter(|c| !c.is_ascii_whitespace())
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    let bytes = LENIENT
        .decode(standard)
        .map_err(|_| DecodeAuthError::NotBase64)?;
    String::from_utf8(bytes).map_err(|_| DecodeAuthError::NotText)
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE};
    use secrecy::ExposeSecret;

    use super::*;

    #[track_caller]
    fn decodes(encoded: &str, username: &str, password: &str) {
        let (user, secret) = decode_auth(encoded).unwrap();
        assert_eq!(
            (user.as_str(), secret.expose_secret()),
            (username, password)
        );
    }

    #[track_caller]
    fn rejects(encoded: &str, why: DecodeAuthError) {
        assert_eq!(
            decode_auth(encoded).unwrap_err(),
            why,
            "decoding {encoded:?}"
        );
    }

    #[test]
    fn the_text_is_split_at_the_first_colon() {
        decodes(&BASE64_STANDARD.encode("bot:secret"), "bot", "secret");
        decodes(&BASE64_STANDARD.encode("bot:pa:ss:"), "bot", "pa:ss:");
        decodes(&BASE64_STANDARD.encode("bot:"), "bot", "");
        decodes(
            &BASE64_STANDARD.encode("robot$acme+web: "),
            "robot$acme+web",
            " ",
        );
    }

    #[test]
    fn trailing_nuls_are_no_part_of_the_password() {
        decodes(&BASE64_STANDARD.encode("bot:secret\0\0"), "bot", "secret");
    }

    #[test]
    fn every_spelling_of_base64_is_understood() {
        let text = "bot:??>>~~\u{ff}";
        for encoded in [
            BASE64_STANDARD.encode(text),
            BASE64_STANDARD_NO_PAD.encode(text),
            BASE64_URL_SAFE.encode(text),
            format!(" {}\n", BASE64_STANDARD.encode(text)),
        ] {
            decodes(&encoded, "bot", "??>>~~\u{ff}");
        }
    }

    #[test]
    fn dockers_json_form_is_understood() {
        let json = r#"{"username":"bot","password":"pa:ss","serveraddress":"ghcr.io"}"#;
        decodes(&BASE64_URL_SAFE.encode(json), "bot", "pa:ss");
        decodes(&BASE64_STANDARD.encode("{bot:secret"), "{bot", "secret");
    }

    #[test]
    fn what_holds_no_user_and_password_is_refused_without_quoting_it() {
        rejects("secret!", DecodeAuthError::NotBase64);
        rejects("$YOUR_AUTH_STRING_HERE", DecodeAuthError::NotBase64);
        rejects(
            &BASE64_STANDARD.encode([b'a', b':', 0xff]),
            DecodeAuthError::NotText,
        );
        for text in ["", "secret", ":secret", r#"{"identitytoken":"secret"}"#] {
            rejects(
                &BASE64_STANDARD.encode(text),
                DecodeAuthError::NoUserAndPassword,
            );
        }
    }
}
