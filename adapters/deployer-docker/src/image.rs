use registrywatcher::image::{Digest, ImageReference, Platform, Repository};
use serde_json::Value;

/// An image that is there.
#[derive(Debug, Clone)]
pub(crate) struct Image(Value);

impl Image {
    pub(crate) fn new(raw: Value) -> Self {
        Self(raw)
    }

    /// Its id, which is never what a registry calls its digest.
    pub(crate) fn id(&self) -> &str {
        self.0["Id"].as_str().unwrap_or_default()
    }

    /// What containers inherit from it.
    pub(crate) fn config(&self) -> &Value {
        &self.0["Config"]
    }

    pub(crate) fn platform(&self) -> Option<Platform> {
        let part = |key: &str| self.0[key].as_str();
        Platform::new(part("Os")?, part("Architecture")?, part("Variant"))
    }

    /// The digests under which `repository` has it, as far as it was pulled or pushed by them.
    pub(crate) fn digests(&self, repository: &Repository) -> Vec<Digest> {
        self.references("RepoDigests")
            .filter(|reference| reference.repository() == repository)
            .filter_map(|reference| reference.digest().cloned())
            .collect()
    }

    /// Some name that it has, where a container was made of its id.
    pub(crate) fn any_reference(&self) -> Option<ImageReference> {
        self.references("RepoTags")
            .chain(self.references("RepoDigests"))
            .next()
    }

    fn references(&self, key: &str) -> impl Iterator<Item = ImageReference> {
        let written = self.0[key].as_array().into_iter().flatten();
        written.filter_map(|text| text.as_str()?.parse().ok())
    }
}
