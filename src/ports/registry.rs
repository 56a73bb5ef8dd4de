//! Reading a registry.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::Source;
use crate::image::{Digest, Image, RegistryHost, Repository, Tag, TagList};

/// What an image says of itself. Its author wrote it, so nothing is ordered by it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageMetadata {
    /// When it was built, if it says so.
    pub created: Option<DateTime<Utc>>,
    /// Its labels, or the annotations of its manifest.
    pub labels: BTreeMap<String, String>,
}

/// What is left of a registry's quota of pulls, as it told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// How many pulls there are in a window.
    pub limit: u64,
    /// How many of them are left.
    pub remaining: u64,
    /// How long a window is, if the registry says so.
    pub window: Option<Duration>,
    /// When the registry told it.
    pub told_at: DateTime<Utc>,
}

/// Why a registry could not answer.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The repository does not exist, or the credentials may not see it; registries do not tell the two apart.
    #[error("{repository} does not exist, or may not be read with the credentials given")]
    NotFound {
        /// Which repository.
        repository: Repository,
    },
    /// The credentials were refused.
    #[error("{repository} may not be read: {reason}")]
    Unauthorized {
        /// Which repository.
        repository: Repository,
        /// The registry's words, and what to do.
        reason: String,
    },
    /// The registry asks to be left alone for a while.
    #[error("the registry of {repository} asks to wait {} s", retry_after.as_secs())]
    RateLimited {
        /// Which repository was asked for.
        repository: Repository,
        /// How long.
        retry_after: Duration,
    },
    /// What the registry answered breaks the protocol.
    #[error(
        "the registry of {repository} answered something else than the protocol allows: {problem}"
    )]
    Invalid {
        /// Which repository was asked for.
        repository: Repository,
        /// What was found, and what was expected.
        problem: String,
    },
    /// The registry could not be reached, or is not well.
    #[error("the registry of {repository} is unavailable: {problem}")]
    Unavailable {
        /// Which repository was asked for.
        repository: Repository,
        /// What went wrong.
        problem: String,
        /// Its cause, where there is one.
        #[source]
        source: Option<Source>,
    },
}

impl RegistryError {
    /// Whether the same question may be answered later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Unavailable { .. })
    }

    /// How long the registry asks to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }
}

/// Reads repositories of registries.
///
/// # Contract
///
/// Checked by `registrywatcher_conformance::registry_suite!`:
///
/// - A listing is complete or an error; no page is left out.
/// - A repository without tags lists none; an unknown repository is [`RegistryError::NotFound`].
/// - An unchanged listing is the same `Arc` as before, so that a caller can tell by its address.
/// - A tag resolves to the digest under which the registry serves its manifest.
/// - An index resolves to its own digest and those of its platforms, without attestations.
/// - A tag that does not exist is `Ok(None)`, never an error.
/// - `known` is given back while the tag still points to it.
/// - A registry that asks to wait is [`RegistryError::RateLimited`]; one that is down is [`RegistryError::Unavailable`].
#[async_trait]
pub trait Registry: Send + Sync {
    /// Lists all tags of `repository`.
    async fn tags(&self, repository: &Repository) -> Result<Arc<TagList>, RegistryError>;

    /// Resolves `tag` to the image it points to, or `None` if there is no such tag.
    ///
    /// `known` is what the caller last saw under it: while the digest stays, the index is not read again, so that an
    /// unchanged tag costs one request.
    async fn resolve(
        &self,
        repository: &Repository,
        tag: &Tag,
        known: Option<&Image>,
    ) -> Result<Option<Image>, RegistryError>;

    /// Reads what the image under `digest` says of itself.
    async fn metadata(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<ImageMetadata, RegistryError>;

    /// What is left of the quota at `host`, as it last told; asks nothing. Most registries have none, or do not tell.
    fn quota(&self, _host: &RegistryHost) -> Option<Quota> {
        None
    }
}
