use registrywatcher::deployment::Failure;
use registrywatcher::ports::Progress;

use super::{Expected, rolling};
use crate::object::{Container, Object};
use crate::owner::Owner;

/// The container, if the object still is as it was wanted; otherwise what became of the rollout.
pub(super) fn judge<'o>(
    object: &'o Object,
    expected: &Expected<'_>,
) -> Result<Container<'o>, Progress> {
    let handle = expected.handle;
    let Ok(container) = object.container(Some(&handle.container)) else {
        return Err(Progress::Superseded);
    };
    if is_ours(object, container, expected) {
        return Ok(container);
    }
    if object.uid() == handle.uid && object.generation() < handle.generation {
        return Err(rolling("an API server lags behind"));
    }
    if !is_as_before(container, expected) {
        return Err(Progress::Superseded);
    }
    let by = match Owner::of(object) {
        Some(Owner::Tool(owner) | Owner::Controller(owner)) => {
            format!(", perhaps by {owner}; change it there")
        }
        None => String::new(),
    };
    Err(Progress::Failed {
        reason: Failure::Orchestrator {
            message: format!("the image was set back to what ran before{by}"),
        },
        restored: true,
    })
}

/// Whether the container has the image, and not by a later deployment of ours. A mark that is missing was taken away by
/// somebody who left the image; scaling and the like leave both.
fn is_ours(object: &Object, container: Container<'_>, expected: &Expected<'_>) -> bool {
    let image = container.reference().ok().flatten();
    let has_image = image
        .as_ref()
        .and_then(|image| image.digest())
        .is_some_and(|digest| expected.image.has_digest(digest, None));
    let mark = object.mark(container.name).deployment();
    has_image && (expected.handle.unchanged || mark.is_none_or(|mark| mark == expected.id))
}

fn is_as_before(container: Container<'_>, expected: &Expected<'_>) -> bool {
    if let Some(before) = &expected.handle.before {
        return container.image == before;
    }
    let image = container.reference().ok().flatten();
    let digest = image.as_ref().and_then(|image| image.digest());
    digest.is_some() && digest == expected.previous
}
