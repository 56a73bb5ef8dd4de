//! What an image says of itself.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use registrywatcher::image::Digest;
use registrywatcher::ports::ImageMetadata;
use serde::Deserialize;

use crate::digest::hash;
use crate::fault::Fault;
use crate::host::{Host, Question};
use crate::index::Entry;
use crate::manifest::Document;

/// The config of an image, as far as it matters here.
#[derive(Debug, Default, Deserialize)]
struct ImageConfig {
    created: Option<String>,
    config: Option<RunConfig>,
}

#[derive(Debug, Default, Deserialize)]
struct RunConfig {
    #[serde(rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

/// When an image was built, as an annotation says.
const CREATED: &str = "org.opencontainers.image.created";

const MAX_CONFIG_BYTES: usize = 4 << 20;

impl Host {
    /// Reads what the image under `digest` says of itself; of an index, what one of its images says.
    pub(crate) async fn metadata(
        &self,
        repository: &str,
        digest: &Digest,
    ) -> Result<ImageMetadata, Fault> {
        let mut document = self.document(repository, digest).await?;
        let mut annotations = document.annotations.take().unwrap_or_default();
        if let Some(entries) = document.manifests.take() {
            let Some(digest) = representative(&entries) else {
                return Ok(metadata(annotations, None, None));
            };
            document = self.document(repository, &digest).await?;
            // What the index says of the whole wins over what an image says of its platform.
            for (name, value) in document.annotations.take().unwrap_or_default() {
                annotations.entry(name).or_insert(value);
            }
        }
        let config = match document
            .config
            .as_ref()
            .filter(|config| is_image_config(config))
        {
            Some(config) => self.config(repository, &config.digest).await?,
            None => ImageConfig {
                created: document.created_by_history(),
                config: None,
            },
        };
        let labels = config.config.and_then(|config| config.labels);
        Ok(metadata(annotations, labels, config.created))
    }

    async fn document(&self, repository: &str, digest: &Digest) -> Result<Document, Fault> {
        let manifest = self.manifest(repository, digest).await?;
        let manifest = manifest.ok_or_else(|| {
            Fault::Invalid(format!("there is no manifest under {digest} any more"))
        })?;
        Ok(manifest.document)
    }

    async fn config(&self, repository: &str, digest: &Digest) -> Result<ImageConfig, Fault> {
        let url = self.url(repository, &format!("blobs/{digest}"))?;
        let answer = self
            .ask(&Question::get(
                repository,
                url,
                "application/json, */*",
                MAX_CONFIG_BYTES,
            ))
            .await?;
        if !answer.status.is_success() {
            let words = answer.words();
            return Err(Fault::Invalid(format!(
                "the config {digest} cannot be read: {words}"
            )));
        }
        match hash(&answer.body, digest) {
            Some(found) if found != *digest => Err(Fault::Invalid(format!(
                "what it serves as {digest} is {found}"
            ))),
            _ => serde_json::from_slice(&answer.body)
                .map_err(|error| Fault::Invalid(format!("the config {digest}: {error}"))),
        }
    }
}

impl Document {
    /// When a schema 1 manifest was built: its newest layer says so.
    fn created_by_history(&self) -> Option<String> {
        let newest = self
            .history
            .as_ref()?
            .first()?
            .v1_compatibility
            .as_deref()?;
        serde_json::from_str::<ImageConfig>(newest).ok()?.created
    }
}

/// The image that speaks for an index: the one most people run, or else the first.
fn representative(entries: &[Entry]) -> Option<Digest> {
    let runnable = || entries.iter().filter(|entry| entry.platform().is_some());
    let is_common = |entry: &&Entry| {
        entry
            .platform()
            .is_some_and(|found| found.os() == "linux" && found.architecture() == "amd64")
    };
    let chosen = runnable()
        .find(is_common)
        .or_else(|| runnable().next())
        .or_else(|| entries.first());
    chosen.map(|entry| entry.digest.clone())
}

/// Whether a config is that of an image: charts and signatures have configs of other types, and no build date.
fn is_image_config(config: &Entry) -> bool {
    matches!(
        config.media_type.as_deref(),
        Some(
            "application/vnd.oci.image.config.v1+json"
                | "application/vnd.docker.container.image.v1+json"
        )
    )
}

fn metadata(
    annotations: BTreeMap<String, String>,
    labels: Option<BTreeMap<String, String>>,
    created: Option<String>,
) -> ImageMetadata {
    let created = annotations
        .get(CREATED)
        .and_then(|date| date_of(date))
        .or_else(|| date_of(&created?));
    let labels = labels
        .filter(|labels| !labels.is_empty())
        .unwrap_or(annotations);
    ImageMetadata { created, labels }
}

/// A date that means something: reproducible builds write the beginning of time.
fn date_of(text: &str) -> Option<DateTime<Utc>> {
    let date = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
    (date > DateTime::UNIX_EPOCH).then_some(date)
}
