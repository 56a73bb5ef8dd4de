use super::Act;
use crate::model::Model;

/// I2. While an operator has switched auto-deploy of a watch off, no deployment is recorded, or started, for it by itself.
pub(crate) fn automatic_is_off(model: &Model, act: &Act<'_>) -> Result<(), String> {
    if act.by_itself && !model.wish(&act.deployment.watch).auto_deploy {
        return Err(format!("{act} although auto-deploy is off"));
    }
    Ok(())
}
