use registrywatcher::intent::Target;

use super::Act;
use crate::model::Model;
use crate::version::Version;

/// I3. A deployment that is recorded by itself for a watch that tracks has no lower version than what the orchestrator ran
/// when the replica that recorded it looked last, where the orchestrator knew a version; and the replica had looked.
pub(crate) fn never_lower(
    model: &Model,
    act: &Act<'_>,
    look: Option<&Option<Version>>,
) -> Result<(), String> {
    if !act.by_itself || model.wish(&act.deployment.watch).target != Target::Track {
        return Ok(());
    }
    let Some(ran) = look else {
        return Err(format!("{act} without a look at what runs"));
    };
    match (ran, Version::read(act.deployment.tag().as_str())) {
        (Some(ran), Some(new)) if new < *ran => {
            let [major, minor, patch] = ran.numbers;
            Err(format!("{act} although v{major}.{minor}.{patch} ran"))
        }
        _ => Ok(()),
    }
}
