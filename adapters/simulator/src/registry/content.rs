use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::clock;

pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const STATEMENT: &str = "application/vnd.in-toto+json";

/// What has been pushed.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) repositories: BTreeMap<String, Repository>,
    pushes: u64,
}

#[derive(Debug, Default)]
pub(super) struct Repository {
    /// In the order of their first push.
    tags: Vec<String>,
    digests: HashMap<String, String>,
    /// The digest that a flapping tag has at its next resolution.
    flapping: HashMap<String, String>,
    pub(super) manifests: HashMap<String, Manifest>,
    pub(super) blobs: HashMap<String, Vec<u8>>,
}

#[derive(Debug, Clone)]
pub(super) struct Manifest {
    pub(super) media_type: &'static str,
    pub(super) bytes: Vec<u8>,
}

impl Repository {
    pub(super) fn tags(&self) -> &[String] {
        &self.tags
    }

    pub(super) fn digest(&self, tag: &str) -> Option<&str> {
        self.digests.get(tag).map(String::as_str)
    }

    /// The digest of a tag for one request, after which a flapping tag changes.
    pub(super) fn resolve(&mut self, tag: &str) -> Option<String> {
        let digest = self.digests.get_mut(tag)?;
        let answer = digest.clone();
        if let Some(other) = self.flapping.get_mut(tag) {
            std::mem::swap(digest, other);
        }
        Some(answer)
    }

    pub(super) fn set_tag(&mut self, tag: &str, digest: String) {
        if self.digests.insert(tag.to_owned(), digest).is_none() {
            self.tags.push(tag.to_owned());
        }
        self.flapping.remove(tag);
    }

    pub(super) fn delete_tag(&mut self, tag: &str) -> bool {
        self.flapping.remove(tag);
        self.tags.retain(|known| known != tag);
        self.digests.remove(tag).is_some()
    }

    pub(super) fn flap(&mut self, tag: &str, other: String) {
        self.flapping.insert(tag.to_owned(), other);
    }

    pub(super) fn settle(&mut self, tag: &str) {
        self.flapping.remove(tag);
    }

    fn add_blob(&mut self, media_type: &str, bytes: Vec<u8>) -> Value {
        let digest = sha256(&bytes);
        let descriptor = json!({"mediaType": media_type, "digest": digest, "size": bytes.len()});
        self.blobs.insert(digest, bytes);
        descriptor
    }

    fn add_manifest(&mut self, media_type: &'static str, document: &Value) -> Value {
        let bytes = document.to_string().into_bytes();
        let digest = sha256(&bytes);
        let descriptor = json!({"mediaType": media_type, "digest": digest, "size": bytes.len()});
        self.manifests
            .insert(digest, Manifest { media_type, bytes });
        descriptor
    }
}

impl Content {
    /// Pushes an image that is like no other, and returns its manifest's descriptor.
    pub(super) fn push_image(&mut self, repository: &str, version: &str, platform: &str) -> Value {
        self.pushes += 1;
        let serial = self.pushes;
        let repository = self.repositories.entry(repository.to_owned()).or_default();
        let layer = format!("layer {serial} of {version} for {platform}").into_bytes();
        let diff_id = sha256(&layer);
        let layer = repository.add_blob(LAYER, layer);
        let now = clock::rfc3339(clock::unix_nanos());
        let mut config = json!({
            "created": now,
            "config": {"Labels": {
                "org.opencontainers.image.version": version,
                "org.opencontainers.image.revision": format!("{serial:040x}"),
            }},
            "rootfs": {"type": "layers", "diff_ids": [diff_id]},
            "history": [{"created": now, "created_by": format!("push {serial}")}],
        });
        merge(&mut config, platform_members(platform));
        let config = repository.add_blob(CONFIG, config.to_string().into_bytes());
        let document = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer],
        });
        repository.add_manifest(MANIFEST, &document)
    }

    /// Pushes an index over new images for `platforms`, and returns its digest.
    pub(super) fn push_index(
        &mut self,
        repository: &str,
        version: &str,
        platforms: &[&str],
        attestation: bool,
    ) -> String {
        let images: Vec<Value> = platforms
            .iter()
            .map(|platform| {
                let mut descriptor = self.push_image(repository, version, platform);
                merge(
                    &mut descriptor,
                    json!({"platform": platform_members(platform)}),
                );
                descriptor
            })
            .collect();
        self.push_index_of(repository, images, attestation)
    }

    /// Pushes an index over images that are there already, and returns its digest.
    pub(super) fn push_index_of(
        &mut self,
        repository: &str,
        mut manifests: Vec<Value>,
        attestation: bool,
    ) -> String {
        if attestation && let Some(subject) = manifests.first().and_then(digest_of) {
            manifests.push(self.push_attestation(repository, &subject));
        }
        let document = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests});
        let repository = self.repositories.entry(repository.to_owned()).or_default();
        digest_of(&repository.add_manifest(INDEX, &document)).unwrap_or_default()
    }

    /// Pushes what `BuildKit` adds beside an image: a manifest of provenance, for the platform `unknown/unknown`.
    fn push_attestation(&mut self, repository: &str, subject: &str) -> Value {
        self.pushes += 1;
        let serial = self.pushes;
        let repository = self.repositories.entry(repository.to_owned()).or_default();
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v0.1",
            "subject": [{"name": "_", "digest": {"sha256": subject.trim_start_matches("sha256:")}}],
            "predicate": {"invocation": serial},
        });
        let layer = repository.add_blob(STATEMENT, statement.to_string().into_bytes());
        let config = json!({
            "architecture": "unknown", "os": "unknown", "config": {},
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
        });
        let config = repository.add_blob(CONFIG, config.to_string().into_bytes());
        let document = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer],
        });
        let mut descriptor = repository.add_manifest(MANIFEST, &document);
        merge(
            &mut descriptor,
            json!({
                "platform": {"architecture": "unknown", "os": "unknown"},
                "annotations": {
                    "vnd.docker.reference.type": "attestation-manifest",
                    "vnd.docker.reference.digest": subject,
                },
            }),
        );
        descriptor
    }

    /// The descriptors of the images in the index under `tag`, attestations left out.
    pub(super) fn images_of(&self, repository: &str, tag: &str) -> Option<Vec<Value>> {
        let repository = self.repositories.get(repository)?;
        let manifest = repository.manifests.get(repository.digest(tag)?)?;
        let document: Value = serde_json::from_slice(&manifest.bytes).ok()?;
        let images = document["manifests"].as_array()?.iter();
        let images = images.filter(|image| image["platform"]["os"] != "unknown");
        Some(images.cloned().collect())
    }
}

pub(super) fn digest_of(descriptor: &Value) -> Option<String> {
    descriptor["digest"].as_str().map(str::to_owned)
}

/// `linux/arm/v7` as the members that an index entry and an image configuration have for it.
pub(super) fn platform_members(platform: &str) -> Value {
    let mut parts = platform.split('/');
    let mut members = json!({
        "os": parts.next().unwrap_or_default(),
        "architecture": parts.next().unwrap_or_default(),
    });
    if let Some(variant) = parts.next() {
        members["variant"] = variant.into();
    }
    members
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(bytes))
}
