use super::Act;
use crate::model::Model;

/// I6. No deployment is recorded, or started, by itself whose image failed by its own fault at any workload of the repository
/// and was not released by an operator since; another signature around the same content is the same image.
pub(crate) fn stays_in_quarantine(model: &Model, act: &Act<'_>) -> Result<(), String> {
    let content = model.content(&act.deployment.image().digest);
    let is_bad =
        content.is_some_and(|content| model.is_quarantined(act.deployment.repository(), content));
    if act.by_itself && is_bad {
        return Err(format!("{act} although its image failed before"));
    }
    Ok(())
}
