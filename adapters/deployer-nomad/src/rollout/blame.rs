//! Whose fault a failure was: the image's, or somebody else's.

use registrywatcher::deployment::Failure;

use crate::wire::{Allocation, Deployment, TaskEvent, TaskState};

/// Words of a container runtime that mean: the registry has no such image (for this platform).
const NO_MANIFEST: [&str; 5] = [
    "manifest unknown",
    "no matching manifest",
    "no image found in manifest list",
    "no image found in image index",
    "no match for platform in manifest",
];

/// Words that mean: what is in the image cannot be run.
const NOT_RUNNABLE: [&str; 3] = [
    "exec format error",
    "executable file not found",
    "no such file or directory",
];

/// What an allocation tells of a failure.
struct Evidence {
    blames_image: bool,
    words: String,
}

/// Why a deployment failed.
pub(super) fn of_deployment(deployment: &Deployment, allocations: &[&Allocation]) -> Failure {
    // A deadline that passed before anything ran is a matter of capacity; allocations that are unhealthy ran.
    let unhealthy = deployment
        .status_description
        .starts_with("Failed due to unhealthy allocations");
    let started = deployment
        .status_description
        .starts_with("Failed due to progress deadline")
        && allocations.iter().any(|allocation| has_started(allocation));
    of_allocations(
        &deployment.status_description,
        allocations,
        unhealthy || started,
    )
}

/// Why allocations failed; `image_otherwise` decides where they do not tell.
pub(super) fn of_allocations(
    what: &str,
    allocations: &[&Allocation],
    image_otherwise: bool,
) -> Failure {
    let mut evidence: Vec<_> = allocations
        .iter()
        .filter_map(|allocation| evidence(allocation))
        .collect();
    // One image that fails where it starts outweighs others that could not be pulled.
    evidence.sort_by_key(|evidence| !evidence.blames_image);
    let strongest = evidence.into_iter().next();
    let message = match &strongest {
        Some(evidence) => format!("{what}: {}", evidence.words),
        None => what.to_owned(),
    };
    if strongest.map_or(image_otherwise, |evidence| evidence.blames_image) {
        Failure::Image { message }
    } else {
        Failure::Orchestrator { message }
    }
}

/// What went wrong last, for people.
pub(super) fn latest_problem(allocations: &[&Allocation]) -> Option<String> {
    allocations
        .iter()
        .rev()
        .find_map(|allocation| evidence(allocation))
        .map(|evidence| evidence.words)
}

fn evidence(allocation: &Allocation) -> Option<Evidence> {
    let unhealthy = allocation
        .deployment_status
        .as_ref()
        .and_then(|status| status.healthy)
        == Some(false);
    let failed = allocation.client_status == "failed";
    let crashed = |state: &TaskState| state.failed || state.restarts > 0;
    for (name, state) in &allocation.task_states {
        if let Some(event) = state.events.iter().rev().find(|event| is_obstacle(event)) {
            let words = words_of(event);
            return Some(Evidence {
                blames_image: blames_image(&words),
                words: format!("task `{name}`: {words}"),
            });
        }
        if started(state) && (unhealthy || crashed(state)) {
            let words = state
                .events
                .iter()
                .rev()
                .find(|event| event.kind == "Terminated")
                .map_or_else(
                    || "it started and did not become healthy".to_owned(),
                    words_of,
                );
            return Some(Evidence {
                blames_image: true,
                words: format!("task `{name}`: {words}"),
            });
        }
    }
    match allocation.client_status.as_str() {
        "lost" => Some(Evidence {
            blames_image: false,
            words: "its node was lost".to_owned(),
        }),
        _ if failed && !allocation.client_description.is_empty() => Some(Evidence {
            blames_image: false,
            words: allocation.client_description.clone(),
        }),
        _ => None,
    }
}

/// Whether an event says that a task could not be started at all.
fn is_obstacle(event: &TaskEvent) -> bool {
    matches!(
        event.kind.as_str(),
        "Driver Failure"
            | "Setup Failure"
            | "Failed Validation"
            | "Failed Artifact Download"
            | "Task hook failed"
    )
}

/// Whether the words of a driver blame the image: its manifest is missing, or what is in it cannot be run. A limit on
/// pulls, a registry that cannot be reached or refuses, and whatever else the node lacks, do not.
fn blames_image(words: &str) -> bool {
    let words = words.to_lowercase();
    if words.contains("toomanyrequests") || words.contains("rate limit") {
        return false;
    }
    let missing = NO_MANIFEST.iter().any(|missing| words.contains(missing))
        || (words.contains("manifest for") && words.contains("not found"));
    let cannot_run = words.contains("starting container process") || words.contains("oci runtime");
    missing || (cannot_run && NOT_RUNNABLE.iter().any(|problem| words.contains(problem)))
}

fn words_of(event: &TaskEvent) -> String {
    let details = ["driver_error", "setup_error", "message"]
        .iter()
        .find_map(|key| event.details.get(*key));
    match details {
        _ if !event.display_message.is_empty() => event.display_message.clone(),
        Some(details) => details.clone(),
        None => event.kind.clone(),
    }
}

fn has_started(allocation: &Allocation) -> bool {
    allocation.task_states.values().any(started)
}

/// Nomad writes the time of a task that never started as the year 1.
fn started(state: &TaskState) -> bool {
    state.started_at.is_some_and(|at| at.timestamp() > 0)
        || state.events.iter().any(|event| event.kind == "Started")
}
