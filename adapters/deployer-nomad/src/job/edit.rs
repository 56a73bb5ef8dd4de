use registrywatcher::deployment::DeploymentId;
use registrywatcher::image::{Digest, ImageReference, Tag};
use semver::Version;
use serde_json::{Map, Value};

use super::task::{DEPLOYMENT, DIGEST, TAG};
use super::{Job, Selection, Task};
use crate::pin;

/// What is written into a job.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) id: DeploymentId,
    pub(crate) tag: &'a Tag,
    pub(crate) digest: &'a Digest,
    /// The repository as it is written in the configuration: for a named task that runs another one.
    pub(crate) source: &'a ImageReference,
    pub(crate) nomad: Option<&'a Version>,
}

impl Job {
    /// The job with the image of the selected tasks set by digest, and our mark beside it. Nothing else changes, but a
    /// version's tag, which Nomad lets stand at one version only.
    ///
    /// The mark alone replaces allocations, because a change of a task's meta is destructive: that is how a workload is
    /// redeployed whose digest stays.
    pub(crate) fn with_image(&self, selection: &Selection<'_>, wanted: &Wanted<'_>) -> Self {
        let mut raw = self.0.clone();
        if let Some(tag) = raw.get_mut("VersionTag") {
            *tag = Value::Null;
        }
        for group in array_mut(&mut raw, "TaskGroups") {
            let name = group["Name"].clone();
            for task in array_mut(group, "Tasks") {
                let group = serde_json::json!({ "Name": name });
                if selection.means(&Task::new(&group, task)) {
                    set_image(task, selection, wanted);
                }
            }
        }
        Self(raw)
    }

    /// Adds a field of the job's top level that an older server wants with each registration.
    pub(crate) fn with_secret(mut self, field: &str, secret: &str) -> Self {
        self.0[field] = secret.into();
        self
    }
}

fn set_image(task: &mut Value, selection: &Selection<'_>, wanted: &Wanted<'_>) {
    let view = Task::new(&Value::Null, task);
    let Ok(written) = view.image() else { return };
    let kept = if written.reference.repository() == selection.repository {
        &written.reference
    } else {
        wanted.source
    };
    let keeps_tag = pin::must_keep_tag(view.driver(), kept, wanted.nomad);
    let reference = if keeps_tag {
        kept.at_tag(wanted.tag.clone())
    } else {
        kept.at_digest(wanted.digest.clone())
    };

    task["Config"]["image"] = format!("{}{reference}", written.transport).into();
    if keeps_tag {
        task["Config"]["force_pull"] = true.into();
    }
    if !task["Meta"].is_object() {
        task["Meta"] = Value::Object(Map::new());
    }
    task["Meta"][DEPLOYMENT] = wanted.id.to_string().into();
    task["Meta"][TAG] = wanted.tag.as_str().into();
    task["Meta"][DIGEST] = wanted.digest.as_str().into();
}

fn array_mut<'a>(raw: &'a mut Value, field: &str) -> impl Iterator<Item = &'a mut Value> {
    raw.get_mut(field)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
}
