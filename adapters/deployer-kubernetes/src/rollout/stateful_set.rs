use std::time::Duration;

use super::{Facts, Step};
use crate::kind::Kind;
use crate::object::{Object, text};
use crate::pod::Pod;

/// How far a stateful set is whose status is of its present specification.
pub(super) fn step(object: &Object) -> Step {
    let replicas = object.replicas();
    let wanted = replicas.saturating_sub(object.partition());
    let (ready, updated) = (
        object.count("readyReplicas"),
        object.count("updatedReplicas"),
    );
    if updated < wanted && object.waits_for_deletion() {
        return Step::Waits(format!(
            "{updated} of {wanted} pods are new; the others wait for somebody to delete them (OnDelete)"
        ));
    }
    if updated < wanted {
        return Step::Waits(format!("{updated} of {wanted} pods are new"));
    }
    // `readyReplicas` counts old pods as well, so it says something only once all are new.
    if ready < replicas {
        return Step::Waits(format!("{ready} of {replicas} pods are ready"));
    }
    let available = object.count("availableReplicas");
    if object.spec()["minReadySeconds"]
        .as_u64()
        .unwrap_or_default()
        > 0
        && available < replicas
    {
        return Step::Waits(format!("{available} of {replicas} pods are available"));
    }
    let (current, update) = (revision(object, "current"), revision(object, "update"));
    let is_rolling = !object.waits_for_deletion();
    let has_partition = !object.spec()["updateStrategy"]["rollingUpdate"].is_null();
    if is_rolling && !has_partition && current != update {
        return Step::Waits("the revision is not complete".to_owned());
    }
    Step::Done
}

/// A pod of an older revision that is broken, and that the controller waits for in vain: it replaces the pods in order, each
/// once all are ready, and so never while one is broken already (kubernetes/kubernetes#67250). The rollout would delete it
/// anyway when its turn came.
pub(crate) fn stuck(facts: &Facts, grace: Duration) -> Option<&Pod> {
    let object = facts.object.as_ref()?;
    let is_in_order = object.spec()["podManagementPolicy"] != "Parallel";
    if object.kind != Kind::StatefulSet
        || !is_in_order
        || object.waits_for_deletion()
        || object.is_being_deleted()
        || !object.is_observed()
    {
        return None;
    }
    let update = revision(object, "update");
    facts.pods.iter().find(|pod| {
        pod.belongs_to(object.uid())
            && !pod.is_ending()
            && !update.is_empty()
            && !pod.revision().is_empty()
            && pod.revision() != update
            && pod
                .ordinal()
                .is_some_and(|ordinal| ordinal >= object.partition())
            && (pod.trouble("").is_some()
                || (!pod.is_ready() && pod.is_older_than(grace, facts.now)))
    })
}

fn revision<'o>(object: &'o Object, which: &str) -> &'o str {
    text(&object.status()[format!("{which}Revision")])
}
