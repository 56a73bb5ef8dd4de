//! Reading manifests, and resolving tags.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use registrywatcher::image::{Digest, Image, Tag};
use reqwest::{Method, StatusCode};
use serde::Deserialize;

use crate::digest::{computed, verified};
use crate::fault::Fault;
use crate::host::{Host, Question};
use crate::index::Entry;

/// What every request for a manifest accepts.
///
/// One constant, in one header line: a registry that is not told of a type converts the manifest, takes a platform out of
/// the index, or answers 404, each with another digest. So digests are only comparable between requests that accept the
/// same.
pub(crate) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.docker.distribution.manifest.v1+prettyjws;q=0.2, \
    application/vnd.docker.distribution.manifest.v1+json;q=0.1";

/// Registries take manifests of 4 MiB.
const MAX_MANIFEST_BYTES: usize = 8 << 20;

/// What kind of manifest a media type names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Index,
    Image,
    /// The signed format of old: its digest is not that of its bytes.
    Signed,
}

/// A manifest that was read.
#[derive(Debug)]
pub(crate) struct Manifest {
    pub(crate) digest: Digest,
    pub(crate) document: Document,
}

/// The members of any manifest that matter here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document {
    media_type: Option<String>,
    pub(crate) manifests: Option<Vec<Entry>>,
    pub(crate) config: Option<Entry>,
    pub(crate) annotations: Option<BTreeMap<String, String>>,
    pub(crate) history: Option<Vec<History>>,
}

/// An entry of a schema 1 manifest's history, a JSON text in itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct History {
    pub(crate) v1_compatibility: Option<String>,
}

impl Kind {
    pub(crate) fn of(media_type: &str) -> Option<Self> {
        match media_type {
            "application/vnd.oci.image.index.v1+json"
            | "application/vnd.docker.distribution.manifest.list.v2+json" => Some(Self::Index),
            "application/vnd.oci.image.manifest.v1+json"
            | "application/vnd.docker.distribution.manifest.v2+json"
            | "application/vnd.docker.distribution.manifest.v1+json" => Some(Self::Image),
            "application/vnd.docker.distribution.manifest.v1+prettyjws" => Some(Self::Signed),
            _ => None,
        }
    }
}

/// What a `HEAD` tells of a tag.
enum Head {
    Missing,
    Found {
        digest: Digest,
        kind: Option<Kind>,
    },
    /// It tells nothing: the manifest must be read.
    Unhelpful,
}

impl Host {
    /// Resolves `tag`. While it points to `known`, that is one `HEAD`.
    pub(crate) async fn resolve(
        &self,
        repository: &str,
        tag: &Tag,
        known: Option<&Image>,
    ) -> Result<Option<Image>, Fault> {
        let as_known = |digest: &Digest| known.filter(|known| known.digest == *digest).cloned();
        let manifest = match self.head(repository, tag).await? {
            Head::Missing => return Ok(None),
            Head::Found { digest, kind } => {
                if let Some(known) = as_known(&digest) {
                    return Ok(Some(known));
                }
                if matches!(kind, Some(Kind::Image | Kind::Signed)) {
                    return Ok(Some(Image::of_digest(digest)));
                }
                // By digest, so that what is read is what was found even if the tag moves meanwhile.
                let manifest = self.manifest(repository, &digest).await?;
                manifest
                    .ok_or_else(|| Fault::unavailable(format!("{digest} went while it was read")))?
            }
            Head::Unhelpful => match self.manifest_of_tag(repository, tag).await? {
                None => return Ok(None),
                Some(manifest) => manifest,
            },
        };
        if let Some(known) = as_known(&manifest.digest) {
            return Ok(Some(known));
        }
        let Some(entries) = manifest.document.manifests else {
            return Ok(Some(Image::of_digest(manifest.digest)));
        };
        let platforms = self.platforms(repository, entries).await?;
        Ok(Some(Image::of_index(manifest.digest, platforms)))
    }

    async fn head(&self, repository: &str, tag: &Tag) -> Result<Head, Fault> {
        if self.lacks_head.load(Ordering::Relaxed) {
            return Ok(Head::Unhelpful);
        }
        let mut question = self.question(repository, tag.as_str())?;
        question.request.method = Method::HEAD;
        let answer = self.ask(&question).await?;
        match answer.status {
            status if status.is_success() => Ok(match answer.digest() {
                Some(digest) => Head::Found {
                    digest,
                    kind: answer.media_type().and_then(Kind::of),
                },
                None => Head::Unhelpful,
            }),
            StatusCode::NOT_FOUND => Ok(Head::Missing),
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
                self.lacks_head.store(true, Ordering::Relaxed);
                Ok(Head::Unhelpful)
            }
            // Some proxies forbid `HEAD` only; if they forbid more, a `GET` says in words what a `HEAD` cannot.
            StatusCode::FORBIDDEN => Ok(Head::Unhelpful),
            _ => Err(answer.fault()),
        }
    }

    async fn manifest_of_tag(
        &self,
        repository: &str,
        tag: &Tag,
    ) -> Result<Option<Manifest>, Fault> {
        self.read_manifest(repository, tag.as_str(), None).await
    }

    /// Reads the manifest under `digest`, and makes sure that it is that one.
    pub(crate) async fn manifest(
        &self,
        repository: &str,
        digest: &Digest,
    ) -> Result<Option<Manifest>, Fault> {
        self.read_manifest(repository, digest.as_str(), Some(digest))
            .await
    }

    async fn read_manifest(
        &self,
        repository: &str,
        reference: &str,
        expected: Option<&Digest>,
    ) -> Result<Option<Manifest>, Fault> {
        let answer = self.ask(&self.question(repository, reference)?).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if !answer.status.is_success() {
            return Err(answer.fault());
        }
        let digest = match expected {
            Some(expected) => verified(&answer, expected)?,
            None => computed(&answer)?,
        };
        let document: Document = serde_json::from_slice(&answer.body)
            .map_err(|error| Fault::Invalid(format!("a manifest cannot be read: {error}")))?;
        document.check_kind(answer.media_type())?;
        Ok(Some(Manifest { digest, document }))
    }

    fn question<'a>(&self, repository: &'a str, reference: &str) -> Result<Question<'a>, Fault> {
        let url = self.url(repository, &format!("manifests/{reference}"))?;
        Ok(Question::get(repository, url, ACCEPT, MAX_MANIFEST_BYTES))
    }
}

impl Document {
    /// Refuses a manifest that is one thing by its content type and another by its own words, so that nobody can make two
    /// clients see two images under one digest.
    fn check_kind(&self, content_type: Option<&str>) -> Result<(), Fault> {
        let by_header = content_type.and_then(Kind::of);
        let by_itself = self.media_type.as_deref().and_then(Kind::of);
        let disagree = match (by_header, by_itself) {
            (Some(Kind::Signed), _) | (_, None) => false,
            (Some(by_header), Some(by_itself)) => by_header != by_itself,
            (None, Some(by_itself)) => (by_itself == Kind::Index) != self.manifests.is_some(),
        };
        if disagree {
            return Err(Fault::Invalid(format!(
                "a manifest is served as `{}` and says of itself that it is `{}`",
                content_type.unwrap_or_default(),
                self.media_type.as_deref().unwrap_or_default(),
            )));
        }
        Ok(())
    }
}
