use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

const PREFIX: &str = "whsec_";

/// How many bytes Standard Webhooks wants a key to have.
const KEY_SIZE: std::ops::RangeInclusive<usize> = 24..=64;

/// The key in a secret of Standard Webhooks.
pub(crate) fn key(secret: &str) -> Result<hmac::Key, &'static str> {
    let encoded = secret
        .strip_prefix(PREFIX)
        .ok_or("it does not start with `whsec_`")?;
    let bytes = STANDARD
        .decode(encoded)
        .map_err(|_| "what follows `whsec_` is not base64")?;
    if !KEY_SIZE.contains(&bytes.len()) {
        return Err("a key has 24 to 64 bytes before it is put into base64");
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

/// The value of `webhook-signature`: one signature for each key, separated by spaces.
pub(crate) fn sign(keys: &[hmac::Key], id: &str, timestamp: i64, body: &str) -> String {
    let content = format!("{id}.{timestamp}.{body}");
    let signatures: Vec<String> = keys
        .iter()
        .map(|key| STANDARD.encode(hmac::sign(key, content.as_bytes())))
        .map(|signature| format!("v1,{signature}"))
        .collect();
    signatures.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    /// The example of the specification.
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn signed(keys: &[hmac::Key]) -> String {
        let body = r#"{"test": 2432232314}"#;
        sign(keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body)
    }

    #[test]
    fn a_message_is_signed_as_in_the_specification() {
        assert_eq!(signed(&[key(SECRET).unwrap()]), SIGNATURE);
    }

    #[test]
    fn each_key_signs() {
        let keys = [key(SECRET).unwrap(), key(SECRET).unwrap()];
        assert_eq!(signed(&keys), format!("{SIGNATURE} {SIGNATURE}"));
    }

    #[test]
    fn a_secret_of_another_kind_is_refused() {
        for (secret, problem) in [
            ("hunter2", "does not start with `whsec_`"),
            ("whsec_***", "is not base64"),
            ("whsec_aHVudGVyMg==", "24 to 64 bytes"),
        ] {
            let error = key(secret).unwrap_err();
            assert!(error.contains(problem), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
