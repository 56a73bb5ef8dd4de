use std::fmt;
use std::str::FromStr;

/// The immutable content address of a manifest, such as `sha256:9f86d0…`.
///
/// Grammar of the OCI image specification, "Digests": `algorithm ":" encoded`, where `sha256` and `sha512` take exactly 64
/// and 128 lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(Box<str>);

/// Why a string is not a [`Digest`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseDigestError {
    /// There is no `:` between an algorithm and its value.
    #[error("a digest reads `sha256:<64 hexadecimal digits>`, found `{found}`")]
    NoAlgorithm {
        /// What was given, shortened.
        found: String,
    },
    /// The algorithm's value has the wrong length or a character outside its alphabet.
    #[error("a {algorithm} digest has {expected}, found `{found}`")]
    BadEncoding {
        /// The algorithm before the `:`.
        algorithm: String,
        /// What should follow it.
        expected: &'static str,
        /// What does, shortened.
        found: String,
    },
}

impl Digest {
    /// The digest as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 12 characters of the encoded part, for people.
    pub fn short(&self) -> &str {
        let encoded = self.0.split_once(':').map_or("", |(_, encoded)| encoded);
        encoded.get(..12).unwrap_or(encoded)
    }
}

impl FromStr for Digest {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((algorithm, encoded)) = text.split_once(':') else {
            return Err(ParseDigestError::NoAlgorithm {
                found: shorten(text),
            });
        };
        let is_hex = |c: u8| matches!(c, b'0'..=b'9' | b'a'..=b'f');
        let (expected, valid) = match algorithm {
            "sha256" => (
                "64 lower-case hexadecimal digits",
                encoded.len() == 64 && encoded.bytes().all(is_hex),
            ),
            "sha512" => (
                "128 lower-case hexadecimal digits",
                encoded.len() == 128 && encoded.bytes().all(is_hex),
            ),
            _ if is_algorithm(algorithm) => (
                "characters of `[a-zA-Z0-9=_-]`",
                !encoded.is_empty()
                    && encoded
                        .bytes()
                        .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'=' | b'_' | b'-')),
            ),
            _ => {
                return Err(ParseDigestError::NoAlgorithm {
                    found: shorten(text),
                });
            }
        };
        if valid {
            Ok(Self(text.into()))
        } else {
            Err(ParseDigestError::BadEncoding {
                algorithm: algorithm.to_owned(),
                expected,
                found: shorten(encoded),
            })
        }
    }
}

/// `algorithm-component *([+._-] algorithm-component)`, a component being lower-case letters and digits.
fn is_algorithm(text: &str) -> bool {
    text.split(['+', '.', '_', '-']).all(|component| {
        !component.is_empty()
            && component
                .bytes()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    })
}

/// At most 80 characters of a text that goes into a message.
fn shorten(text: &str) -> String {
    text.chars().take(80).collect()
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

crate::text::serde_as_text!(Digest);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_names_its_algorithm_and_has_its_length() {
        let hex = "0123456789abcdef".repeat(4);
        let digest: Digest = format!("sha256:{hex}").parse().unwrap();
        assert_eq!(digest.short(), "0123456789ab");
        assert!(format!("sha512:{hex}{hex}").parse::<Digest>().is_ok());
        assert!(
            "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8"
                .parse::<Digest>()
                .is_ok()
        );
    }

    #[track_caller]
    fn rejects(input: &str, message: &str) {
        assert_eq!(input.parse::<Digest>().unwrap_err().to_string(), message);
    }

    #[test]
    fn a_digest_of_another_shape_is_refused_with_what_was_found() {
        rejects(
            "abc",
            "a digest reads `sha256:<64 hexadecimal digits>`, found `abc`",
        );
        rejects(
            "sha256:abc",
            "a sha256 digest has 64 lower-case hexadecimal digits, found `abc`",
        );
        rejects(
            "SHA256:ab",
            "a digest reads `sha256:<64 hexadecimal digits>`, found `SHA256:ab`",
        );
        rejects(
            "blake3:",
            "a blake3 digest has characters of `[a-zA-Z0-9=_-]`, found ``",
        );
    }
}
