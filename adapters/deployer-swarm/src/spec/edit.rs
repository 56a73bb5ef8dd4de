use registrywatcher::ports::Apply;
use serde_json::Value;

use super::Spec;
use super::template::{DEPLOYMENT, DIGEST, TAG};

/// The image as a stack file has it, by which `docker stack deploy` tells whether the file names another one.
const STACK_IMAGE: &str = "com.docker.stack.image";

/// What a deployment asks of a service.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) apply: &'a Apply,
    /// What the image runs on, as the registry tells; what its predecessor ran on must not stay.
    pub(crate) platforms: Option<&'a Value>,
}

impl Wanted<'_> {
    /// The image by tag, for people, and by digest, which is what runs.
    fn image(&self) -> String {
        let candidate = &self.apply.candidate;
        format!("{}@{}", self.tagged(), candidate.image.digest)
    }

    fn tagged(&self) -> String {
        let tag = self.apply.candidate.tag.clone();
        self.apply.source.at_tag(tag).to_string()
    }
}

impl Spec<'_> {
    /// The same service with another image, marked; and nothing else.
    pub(crate) fn with_image(self, wanted: &Wanted<'_>) -> Value {
        let mut spec = self.0.clone();
        // Indexing makes an object of what Docker left out or wrote as `null`, because it is empty.
        let template = &mut spec["TaskTemplate"];
        if wanted.apply.forced {
            template["ForceUpdate"] = self.template().force_update().wrapping_add(1).into();
        }
        if let Some(platforms) = wanted.platforms {
            template["Placement"]["Platforms"] = platforms.clone();
        }
        let container = &mut template["ContainerSpec"];
        container["Image"] = wanted.image().into();
        let candidate = &wanted.apply.candidate;
        let labels = &mut container["Labels"];
        labels[DEPLOYMENT] = wanted.apply.id.to_string().into();
        labels[TAG] = candidate.tag.to_string().into();
        labels[DIGEST] = candidate.image.digest.to_string().into();
        if self.labels().contains_key(STACK_IMAGE) {
            spec["Labels"][STACK_IMAGE] = wanted.tagged().into();
        }
        spec
    }
}
