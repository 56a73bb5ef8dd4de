use registrywatcher::deployment::{DeploymentId, Running};
use registrywatcher::image::{Digest, ImageReference, Tag};
use semver::Version;
use serde_json::Value;

use crate::pin;

pub(super) const DEPLOYMENT: &str = "registrywatcher_deployment";
pub(super) const TAG: &str = "registrywatcher_tag";
pub(super) const DIGEST: &str = "registrywatcher_digest";

/// The transport that podman takes before an image of a registry.
const REGISTRY_TRANSPORT: &str = "docker://";

/// A task of a job, and the name of its group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task<'a> {
    group: &'a str,
    raw: &'a Value,
}

/// What a task runs, as it is written in the job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaskImage {
    /// What stands before the reference: nothing, or podman's `docker://`.
    pub(super) transport: &'static str,
    pub(crate) reference: ImageReference,
}

impl<'a> Task<'a> {
    pub(super) fn new(group: &'a Value, raw: &'a Value) -> Self {
        Self {
            group: group["Name"].as_str().unwrap_or_default(),
            raw,
        }
    }

    pub(crate) fn group(&self) -> &'a str {
        self.group
    }

    pub(crate) fn name(&self) -> &'a str {
        self.raw["Name"].as_str().unwrap_or_default()
    }

    pub(crate) fn driver(&self) -> &'a str {
        self.raw["Driver"].as_str().unwrap_or_default()
    }

    /// Whether it runs as long as its group does: neither before it, nor after.
    pub(crate) fn is_main(&self) -> bool {
        let lifecycle = &self.raw["Lifecycle"];
        lifecycle.is_null() || lifecycle["Hook"] == "" || lifecycle["Sidecar"] == Value::Bool(true)
    }

    /// Whether its driver runs OCI images, and it names one.
    pub(crate) fn has_image(&self) -> bool {
        pin::DRIVERS.contains(&self.driver()) && !self.raw["Config"]["image"].is_null()
    }

    /// The image as it is written, without what podman takes before it.
    pub(super) fn spelled(&self) -> &'a str {
        let written = self.written();
        written.strip_prefix(REGISTRY_TRANSPORT).unwrap_or(written)
    }

    /// The image as it is written.
    pub(crate) fn written(&self) -> &'a str {
        self.raw["Config"]["image"].as_str().unwrap_or_default()
    }

    /// The image, or why it cannot be set by us.
    pub(crate) fn image(&self) -> Result<TaskImage, String> {
        let name = self.name();
        if !self.has_image() {
            let drivers = pin::DRIVERS.join(", ");
            return Err(format!(
                "task `{name}` of driver `{}` runs no image; drivers that do are {drivers}",
                self.driver()
            ));
        }
        let written = self.written();
        if written.contains("${") {
            return Err(format!(
                "the image of task `{name}` is interpolated (`{written}`); write it out"
            ));
        }
        let (transport, reference) = match written.strip_prefix(REGISTRY_TRANSPORT) {
            Some(reference) => (REGISTRY_TRANSPORT, reference),
            None => ("", written),
        };
        let reference = reference
            .parse()
            .map_err(|error| format!("the image of task `{name}` is of no registry: {error}"))?;
        Ok(TaskImage {
            transport,
            reference,
        })
    }

    /// The deployment in its meta, whether or not it still belongs to the image.
    pub(crate) fn deployment(&self) -> Option<DeploymentId> {
        self.meta(DEPLOYMENT)?.parse().ok()
    }

    /// What it runs, with our mark if the image is still the one that the mark was set beside.
    pub(crate) fn running(&self, nomad: Option<&Version>) -> Result<Running, String> {
        let written = self.image()?.reference;
        let kept_tag = self.meta(TAG).and_then(|tag| tag.parse::<Tag>().ok());
        let kept_digest = self
            .meta(DIGEST)
            .and_then(|digest| digest.parse::<Digest>().ok());
        let image = match (written.tag(), &kept_digest) {
            (Some(tag), _) if pin::drops_digest(self.driver(), &written, nomad) => {
                written.at_tag(tag.clone())
            }
            // The tag was pulled when the digest was this one: the form of a version that cannot pin.
            (tag, Some(digest))
                if written.digest().is_none() && tag == kept_tag.as_ref() && self.pulls_anew() =>
            {
                written.at_digest(digest.clone())
            }
            _ => written,
        };
        let is_ours = image.digest().is_some() && image.digest() == kept_digest.as_ref();
        Ok(Running {
            image,
            tag: kept_tag.filter(|_| is_ours),
            platform: None,
            mark: self.deployment().filter(|_| is_ours),
        })
    }

    fn pulls_anew(&self) -> bool {
        self.raw["Config"]["force_pull"] == Value::Bool(true)
    }

    fn meta(&self, key: &str) -> Option<&'a str> {
        self.raw["Meta"][key].as_str()
    }
}
