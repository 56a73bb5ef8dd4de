//! An object as Kubernetes gives it, read as raw JSON.

#[cfg(test)]
mod tests;

use std::time::Duration;

use registrywatcher::deployment::Running;
use registrywatcher::image::ImageReference;
use serde_json::Value;

use crate::kind::Kind;
use crate::mark::Mark;

/// A deployment, stateful set, daemon set or cron job.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Object {
    pub(crate) kind: Kind,
    raw: Value,
}

/// A container of the template, and the list that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Container<'a> {
    pub(crate) list: &'static str,
    pub(crate) name: &'a str,
    /// As it is written; empty where it is left to somebody else to fill in.
    pub(crate) image: &'a str,
}

/// Why the container that an address means cannot be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// There is none of that name.
    Missing(String),
    /// There are several, and the address names none.
    Ambiguous(String),
    /// Its image is no image.
    Unreadable(String),
}

/// kubectl's own choice where a pod has several containers.
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

/// `progressDeadlineSeconds` that stands for no deadline.
const NO_DEADLINE: u64 = i32::MAX as u64;

impl Object {
    pub(crate) fn new(kind: Kind, raw: Value) -> Self {
        Self { kind, raw }
    }

    pub(crate) fn metadata(&self) -> &Value {
        &self.raw["metadata"]
    }

    pub(crate) fn spec(&self) -> &Value {
        &self.raw["spec"]
    }

    pub(crate) fn status(&self) -> &Value {
        &self.raw["status"]
    }

    pub(crate) fn name(&self) -> &str {
        text(&self.metadata()["name"])
    }

    pub(crate) fn uid(&self) -> &str {
        text(&self.metadata()["uid"])
    }

    pub(crate) fn resource_version(&self) -> &str {
        text(&self.metadata()["resourceVersion"])
    }

    /// Moves with each change of the specification.
    pub(crate) fn generation(&self) -> u64 {
        self.metadata()["generation"].as_u64().unwrap_or_default()
    }

    /// Whether the status that was read is of the specification that was read.
    pub(crate) fn is_observed(&self) -> bool {
        let observed = self.count("observedGeneration");
        observed > 0 && observed >= self.generation()
    }

    /// A counter of the status, which is left out when it is zero.
    pub(crate) fn count(&self, counter: &str) -> u64 {
        self.status()[counter].as_u64().unwrap_or_default()
    }

    pub(crate) fn replicas(&self) -> u64 {
        self.spec()["replicas"].as_u64().unwrap_or(1)
    }

    pub(crate) fn is_being_deleted(&self) -> bool {
        !self.metadata()["deletionTimestamp"].is_null()
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.kind == Kind::Deployment && self.spec()["paused"] == Value::Bool(true)
    }

    /// Whether its pods change only when somebody deletes them.
    pub(crate) fn waits_for_deletion(&self) -> bool {
        self.spec()["updateStrategy"]["type"] == "OnDelete"
    }

    /// The pods of a stateful set from this number on are rolled out, if that is said.
    pub(crate) fn partition(&self) -> u64 {
        self.spec()["updateStrategy"]["rollingUpdate"]["partition"]
            .as_u64()
            .unwrap_or_default()
    }

    /// How long Kubernetes itself waits for progress of a rollout, if it does.
    pub(crate) fn progress_deadline(&self) -> Option<Duration> {
        if self.kind != Kind::Deployment {
            return None;
        }
        let seconds = self.spec()["progressDeadlineSeconds"].as_u64()?;
        (seconds < NO_DEADLINE).then(|| Duration::from_secs(seconds))
    }

    /// A condition of the status by its type.
    pub(crate) fn condition(&self, kind: &str) -> Option<&Value> {
        list(self.status(), "conditions").find(|condition| condition["type"] == kind)
    }

    pub(crate) fn template(&self) -> &Value {
        let path = self.kind.template().iter();
        path.fold(&self.raw, |value, &field| &value[field])
    }

    /// The container that an address means, or the only one.
    pub(crate) fn container(&self, wanted: Option<&str>) -> Result<Container<'_>, Obstacle> {
        let wanted = wanted
            .or_else(|| self.template()["metadata"]["annotations"][DEFAULT_CONTAINER].as_str());
        let mut main: Vec<_> = self.containers("containers").collect();
        let Some(wanted) = wanted else {
            return match (main.pop(), main.is_empty()) {
                (Some(only), true) => Ok(only),
                (last, _) => Err(Obstacle::Ambiguous(format!(
                    "its pods have several containers; name one of {} as `container`",
                    names(main.into_iter().chain(last))
                ))),
            };
        };
        let all = || {
            self.containers("containers")
                .chain(self.containers("initContainers"))
        };
        all()
            .find(|container| container.name == wanted)
            .ok_or_else(|| {
                Obstacle::Missing(format!(
                    "its pods have no container `{wanted}`; they have {}",
                    names(all())
                ))
            })
    }

    /// The image of the container that is wanted, or of the first where that cannot be told.
    pub(crate) fn image(&self, wanted: Option<&str>) -> &str {
        let container = self.container(wanted).ok();
        let container = container.or_else(|| self.containers("containers").next());
        container
            .map(|container| container.image)
            .unwrap_or_default()
    }

    fn containers(&self, field: &'static str) -> impl Iterator<Item = Container<'_>> {
        list(&self.template()["spec"], field).map(move |container| Container {
            list: field,
            name: text(&container["name"]),
            image: text(&container["image"]),
        })
    }

    /// Our mark beside the image of a container.
    pub(crate) fn mark<'a>(&'a self, container: &'a str) -> Mark<'a> {
        Mark::of(&self.template()["metadata"], container)
    }

    /// What a container runs by the template, or `None` if its image is left open.
    pub(crate) fn running(&self, container: Container<'_>) -> Result<Option<Running>, Obstacle> {
        let Some(image) = container.reference()? else {
            return Ok(None);
        };
        let mark = self.mark(container.name);
        let ours = image.digest().filter(|digest| mark.belongs_to(digest));
        Ok(Some(Running {
            tag: ours
                .and_then(|_| mark.tag())
                .or_else(|| image.tag().cloned()),
            mark: ours.and_then(|_| mark.deployment()),
            platform: None,
            image,
        }))
    }
}

impl Container<'_> {
    /// Its image, or `None` if that is left open.
    pub(crate) fn reference(&self) -> Result<Option<ImageReference>, Obstacle> {
        if self.image.is_empty() {
            return Ok(None);
        }
        self.image.parse().map(Some).map_err(|error| {
            Obstacle::Unreadable(format!(
                "the image of container `{}` cannot be read: {error}",
                self.name
            ))
        })
    }
}

/// The items of a list, which is left out when it is empty.
pub(crate) fn list<'a>(raw: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    raw[field].as_array().into_iter().flatten()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn names<'a>(containers: impl Iterator<Item = Container<'a>>) -> String {
    let names: Vec<_> = containers.map(|container| container.name).collect();
    names.join(", ")
}
