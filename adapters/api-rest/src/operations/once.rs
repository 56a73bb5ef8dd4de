use registrywatcher::intent::{Author, Once};
use registrywatcher::watch::WatchName;
use sha2::{Digest, Sha256};

use crate::problem::Fault;

/// The header that makes a demand one, however often it is sent.
pub(super) const HEADER: &str = "Idempotency-Key";

const MAX_LENGTH: usize = 255;

/// What makes the demand of `author` for `content` one, if the client gave a key. Everybody has keys of their own, for each
/// watch.
pub(super) fn once(
    key: Option<&str>,
    watch: &WatchName,
    author: &Author,
    content: &str,
) -> Result<Option<Once>, Fault> {
    let Some(key) = key else { return Ok(None) };
    let is_printable = key.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if !is_printable || key.trim().is_empty() || key.len() > MAX_LENGTH {
        let detail = format!("give 1 to {MAX_LENGTH} printable characters of ASCII");
        return Err(Fault::invalid(HEADER, detail));
    }
    let of_key = hash(&[watch.as_str(), author.as_str(), key]);
    Ok(Some(Once::new(of_key, hash(&[content]))))
}

/// The first half of a hash is enough where nobody gains by two that are equal.
fn hash(parts: &[&str]) -> u64 {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.len().to_be_bytes());
        hasher.update(part);
    }
    let hash: [u8; 32] = hasher.finalize().into();
    let first = hash.first_chunk().copied().unwrap_or_default();
    u64::from_be_bytes(first)
}
