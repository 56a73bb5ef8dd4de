/// Defines the hash of a secret, which is all that is kept of it.
macro_rules! hash_type {
    ($(#[$meta:meta])* $name:ident, $shown:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// A hash that was computed.
            pub fn new(sha256: [u8; 32]) -> Self {
                Self(sha256)
            }

            /// The hash itself.
            pub fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            /// Without the hash: with it, a weak secret could be guessed offline.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($shown)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl std::str::FromStr for $name {
            type Err = ParseTokenHashError;

            fn from_str(text: &str) -> Result<Self, ParseTokenHashError> {
                let mut hash = [0; 32];
                if text.len() != 2 * hash.len() || !text.bytes().all(|c| c.is_ascii_hexdigit()) {
                    return Err(ParseTokenHashError);
                }
                for (index, byte) in hash.iter_mut().enumerate() {
                    let digits = &text[2 * index..][..2];
                    *byte = u8::from_str_radix(digits, 16).map_err(|_| ParseTokenHashError)?;
                }
                Ok(Self(hash))
            }
        }
    };
}

/// A text that is no SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the 64 hexadecimal digits of a SHA-256")]
pub struct ParseTokenHashError;

hash_type!(
    /// The SHA-256 of a token, which is all that is kept of it.
    TokenHash,
    "TokenHash(..)"
);

hash_type!(
    /// The SHA-256 of the secret that a session is known by, which is all that is kept of it.
    SessionHash,
    "SessionHash(..)"
);
