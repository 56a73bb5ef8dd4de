//! The edit: a strategic merge patch with the image of one container, and our mark.

use registrywatcher::image::ImageReference;
use registrywatcher::ports::Apply;
use serde_json::{Map, Value, json};

use crate::mark::{APPLIED, DEPLOYMENT, DIGEST, TAG, key};
use crate::object::{Container, Object};

/// Tells people why a revision came about; controllers copy it to what they keep of it.
const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// Brings `container` to `image` over exactly the version of `object` that was read. A list of containers is merged by
/// their names, so the other containers stay; a JSON merge patch would replace them all.
///
/// The mark alone replaces the pods, because it stands in their template: that is how a workload is redeployed whose digest
/// stays.
pub(crate) fn patch(
    object: &Object,
    container: Container<'_>,
    image: &ImageReference,
    apply: &Apply,
) -> Value {
    let candidate = &apply.candidate;
    let template = json!({
        "metadata": { "annotations": {
            key(container.name, DEPLOYMENT): apply.id.to_string(),
            key(container.name, TAG): candidate.tag.as_str(),
            key(container.name, DIGEST): candidate.image.digest.as_str(),
        } },
        "spec": { container.list: [{ "name": container.name, "image": image.to_string() }] },
    });
    let mut patch = nested(object.kind.template(), template);
    patch["metadata"] = json!({
        "resourceVersion": object.resource_version(),
        "annotations": {
            CHANGE_CAUSE: cause(container, apply),
            key(container.name, APPLIED): apply.id.to_string(),
        },
    });
    patch
}

fn nested(path: &[&str], value: Value) -> Value {
    path.iter().rev().fold(value, |inner, &field| {
        Value::Object(Map::from_iter([(field.to_owned(), inner)]))
    })
}

fn cause(container: Container<'_>, apply: &Apply) -> String {
    let (name, tag) = (container.name, &apply.candidate.tag);
    let before = apply.previous.as_ref().and_then(|it| it.tag.as_ref());
    match before {
        Some(before) => format!("registrywatcher: {name} {before} → {tag}"),
        None => format!("registrywatcher: {name} → {tag}"),
    }
}
