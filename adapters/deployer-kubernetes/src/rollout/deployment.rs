use super::Step;
use crate::object::{Object, text};

/// How far a deployment is whose status is of its present specification.
pub(super) fn step(object: &Object) -> Step {
    if let Some(progressing) = object.condition("Progressing")
        && progressing["reason"] == "ProgressDeadlineExceeded"
    {
        return Step::Expired(text(&progressing["message"]).to_owned());
    }
    let replicas = object.replicas();
    let (all, updated) = (object.count("replicas"), object.count("updatedReplicas"));
    let available = object.count("availableReplicas");
    if updated < replicas {
        // A quota or an admission that says no may say yes later, within the deadline.
        let refused = object
            .condition("ReplicaFailure")
            .filter(|condition| condition["status"] == "True")
            .map(|condition| format!(": {}", text(&condition["message"])));
        Step::Waits(format!(
            "{updated} of {replicas} pods are new{}",
            refused.unwrap_or_default()
        ))
    } else if all > updated {
        Step::Waits(format!("{} old pods still run", all - updated))
    } else if available < updated {
        Step::Waits(format!("{available} of {updated} new pods are available"))
    } else {
        Step::Done
    }
}
