use registrywatcher::deployment::DeploymentId;
use registrywatcher::image::{Digest, ImageReference, Tag};
use serde_json::Value;

/// The deployment that wrote the image.
pub(super) const DEPLOYMENT: &str = "registrywatcher.deployment";
/// The tag that was deployed.
pub(super) const TAG: &str = "registrywatcher.tag";
/// The digest that was deployed; beside another image the labels mean nothing, for others edit images and keep labels.
pub(super) const DIGEST: &str = "registrywatcher.digest";

/// What the tasks of a service are to be, or what one of them is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Template<'a>(pub(crate) &'a Value);

/// What we wrote beside an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) deployment: DeploymentId,
    pub(crate) tag: Option<Tag>,
}

impl<'a> Template<'a> {
    /// Whether its tasks are containers, and no plugins of the engine.
    pub(crate) fn is_container(self) -> bool {
        self.0["ContainerSpec"].is_object()
    }

    /// The image as it is written.
    pub(crate) fn image(self) -> &'a str {
        self.0["ContainerSpec"]["Image"]
            .as_str()
            .unwrap_or_default()
    }

    pub(crate) fn reference(self) -> Option<ImageReference> {
        self.image().parse().ok()
    }

    /// Whether its tasks write to a terminal.
    pub(crate) fn has_terminal(self) -> bool {
        self.0["ContainerSpec"]["TTY"] == true
    }

    /// Our mark, if it is still beside the image that it belongs to.
    pub(crate) fn mark(self) -> Option<Mark> {
        let digest: Digest = self.label(DIGEST)?.parse().ok()?;
        let image = self.reference()?;
        (image.digest() == Some(&digest)).then_some(())?;
        Some(Mark {
            deployment: self.label(DEPLOYMENT)?.parse().ok()?,
            tag: self.label(TAG).and_then(|tag| tag.parse().ok()),
        })
    }

    pub(crate) fn carries(self, id: DeploymentId) -> bool {
        self.mark().is_some_and(|mark| mark.deployment == id)
    }

    /// Whether a task of this template need not be replaced to be one of `other`, as far as we change templates.
    pub(crate) fn is(self, other: Template<'_>) -> bool {
        self.image() == other.image()
            && self.label(DEPLOYMENT) == other.label(DEPLOYMENT)
            && self.force_update() == other.force_update()
    }

    /// How often its tasks were replaced by force.
    pub(crate) fn force_update(self) -> u64 {
        self.0["ForceUpdate"].as_u64().unwrap_or_default()
    }

    fn label(self, key: &str) -> Option<&'a str> {
        self.0["ContainerSpec"]["Labels"][key].as_str()
    }
}
