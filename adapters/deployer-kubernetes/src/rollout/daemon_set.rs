use super::Step;
use crate::object::Object;

/// How far a daemon set is whose status is of its present specification.
pub(super) fn step(object: &Object) -> Step {
    let desired = object.count("desiredNumberScheduled");
    let updated = object.count("updatedNumberScheduled");
    let available = object.count("numberAvailable");
    if updated < desired && object.waits_for_deletion() {
        Step::Waits(format!(
            "{updated} of {desired} pods are new; the others wait for somebody to delete them (OnDelete)"
        ))
    } else if updated < desired {
        Step::Waits(format!("{updated} of {desired} pods are new"))
    } else if available < desired {
        Step::Waits(format!("{available} of {desired} pods are available"))
    } else {
        Step::Done
    }
}
