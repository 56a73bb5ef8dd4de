use registrywatcher::intent::Target;

use super::Act;
use crate::model::Model;

/// I1. While an operator has pinned a watch to a tag, no deployment of another tag is recorded, or started, for it by itself.
///
/// What an operator asked for is exempt, and so is bringing back what ran before a deployment that failed.
pub(crate) fn stays_pinned(model: &Model, act: &Act<'_>) -> Result<(), String> {
    match &model.wish(&act.deployment.watch).target {
        Target::Pin(pinned) if act.by_itself && pinned != act.deployment.tag() => {
            Err(format!("{act}, which is pinned to {pinned}"))
        }
        _ => Ok(()),
    }
}
