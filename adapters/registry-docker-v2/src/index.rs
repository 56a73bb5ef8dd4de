//! What an image index holds.

use std::collections::BTreeMap;

use registrywatcher::image::{Digest, Platform, PlatformManifest};
use serde::Deserialize;

use crate::fault::Fault;
use crate::host::Host;
use crate::manifest::Kind;

/// A descriptor: an entry of an index, or a manifest's config.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    pub(crate) media_type: Option<String>,
    pub(crate) digest: Digest,
    platform: Option<EntryPlatform>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct EntryPlatform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

/// How deep indexes may stand inside each other, the one under the tag included.
const MAX_DEPTH: usize = 3;

/// How many indexes inside an index are read.
const MAX_NESTED: usize = 32;

impl Entry {
    /// Whether the entry runs nowhere, as BuildKit marks its attestations.
    fn is_attestation(&self) -> bool {
        let is_unknown = self
            .platform
            .as_ref()
            .is_some_and(|platform| platform.os == "unknown" || platform.architecture == "unknown");
        let kind = self
            .annotations
            .as_ref()
            .and_then(|all| all.get("vnd.docker.reference.type"));
        is_unknown || kind.is_some_and(|kind| kind == "attestation-manifest")
    }

    fn is_index(&self) -> bool {
        self.media_type.as_deref().and_then(Kind::of) == Some(Kind::Index)
    }

    pub(crate) fn platform(&self) -> Option<Platform> {
        let platform = self.platform.as_ref()?;
        Platform::new(
            &platform.os,
            &platform.architecture,
            platform.variant.as_deref(),
        )
    }
}

impl Host {
    /// The platforms of an index and of those inside it, without attestations.
    pub(crate) async fn platforms(
        &self,
        repository: &str,
        entries: Vec<Entry>,
    ) -> Result<Vec<PlatformManifest>, Fault> {
        let mut found = Vec::new();
        let mut nested = 0;
        let mut pending = vec![(entries, 1)];
        while let Some((entries, depth)) = pending.pop() {
            for entry in entries.into_iter().filter(|entry| !entry.is_attestation()) {
                if !entry.is_index() {
                    let platform = entry.platform();
                    found.push(PlatformManifest {
                        platform,
                        digest: entry.digest,
                    });
                    continue;
                }
                nested += 1;
                if depth == MAX_DEPTH || nested > MAX_NESTED {
                    return Err(Fault::Invalid(format!(
                        "an index holds indexes deeper than {MAX_DEPTH} or more than {MAX_NESTED}"
                    )));
                }
                // A mirror may leave out what nobody asked it for.
                if let Some(manifest) = self.manifest(repository, &entry.digest).await? {
                    pending.push((manifest.document.manifests.unwrap_or_default(), depth + 1));
                }
            }
        }
        Ok(found)
    }
}
