//! Digests: what a registry claims, and what its bytes are.

use registrywatcher::image::Digest;
use sha2::{Digest as _, Sha256, Sha512};

use crate::answer::Answer;
use crate::fault::Fault;
use crate::manifest::Kind;

impl Answer {
    /// The digest that the registry claims; many leave it out in places.
    pub(crate) fn digest(&self) -> Option<Digest> {
        self.header("docker-content-digest")?.trim().parse().ok()
    }
}

/// The digest of a manifest that was asked for by it.
pub(crate) fn verified(answer: &Answer, expected: &Digest) -> Result<Digest, Fault> {
    let is_signed = answer.media_type().and_then(Kind::of) == Some(Kind::Signed);
    match hash(&answer.body, expected) {
        Some(found) if found != *expected && !is_signed => Err(Fault::Invalid(format!(
            "what it serves as {expected} is {found}"
        ))),
        _ => Ok(expected.clone()),
    }
}

/// The digest of a manifest that was asked for by its tag: what its bytes are, whatever a header says.
pub(crate) fn computed(answer: &Answer) -> Result<Digest, Fault> {
    let claimed = answer.digest();
    if answer.media_type().and_then(Kind::of) == Some(Kind::Signed) {
        return claimed.ok_or_else(|| {
            Fault::Invalid("a signed manifest of schema 1 comes without its digest".to_owned())
        });
    }
    let found = match &claimed {
        Some(claimed) => hash(&answer.body, claimed),
        None => sha256(&answer.body),
    };
    match (found, claimed) {
        (Some(found), Some(claimed)) if found != claimed => {
            tracing::warn!(%found, %claimed, "a registry serves a manifest under another digest than its own");
            Ok(found)
        }
        (Some(digest), _) | (None, Some(digest)) => Ok(digest),
        (None, None) => Err(Fault::Invalid("a manifest has no digest".to_owned())),
    }
}

/// The digest of `bytes` in the algorithm of `like`; `None` for an algorithm that is not known here.
pub(crate) fn hash(bytes: &[u8], like: &Digest) -> Option<Digest> {
    match like.as_str().split_once(':')?.0 {
        "sha256" => sha256(bytes),
        "sha512" => format!("sha512:{:x}", Sha512::digest(bytes)).parse().ok(),
        _ => None,
    }
}

fn sha256(bytes: &[u8]) -> Option<Digest> {
    format!("sha256:{:x}", Sha256::digest(bytes)).parse().ok()
}
