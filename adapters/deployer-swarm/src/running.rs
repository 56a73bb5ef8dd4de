use registrywatcher::deployment::Running;

use crate::spec::Spec;

/// What a service runs, as it is told to; `None` where that is no image.
pub(crate) fn of(spec: Spec<'_>) -> Option<Running> {
    let template = spec.template();
    let mark = template.mark();
    Some(Running {
        image: template.reference()?,
        tag: mark.as_ref().and_then(|mark| mark.tag.clone()),
        platform: None,
        mark: mark.map(|mark| mark.deployment),
    })
}
