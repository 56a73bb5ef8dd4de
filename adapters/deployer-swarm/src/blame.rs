//! Whose fault a failure was: the image's, or somebody else's.

use registrywatcher::deployment::Failure;

use crate::task::Task;

/// Words that mean: what is in the image cannot be run here.
const NOT_RUNNABLE: [&str; 4] = [
    "exec format error",
    "executable file not found",
    "no such file or directory",
    "permission denied",
];

/// Why tasks failed: `what` happened, and what they tell.
pub(crate) fn of<'t>(
    what: &str,
    tasks: impl IntoIterator<Item = &'t Task>,
    is_job: bool,
) -> Failure {
    let Some(task) = culprit(tasks, is_job) else {
        let message = what.to_owned();
        return Failure::Orchestrator { message };
    };
    let message = format!("{what}: {}: {}", task.name(), words(task));
    if blames_image(task) {
        Failure::Image { message }
    } else {
        Failure::Orchestrator { message }
    }
}

/// The task whose failure counts: one that started and failed outweighs others that could not be started, and then the latest.
pub(crate) fn culprit<'t>(
    tasks: impl IntoIterator<Item = &'t Task>,
    is_job: bool,
) -> Option<&'t Task> {
    let failed = tasks.into_iter().filter(|task| task.has_failed(is_job));
    failed.max_by_key(|task| (blames_image(task), task.status.timestamp))
}

/// What went wrong last, or stands in the way, for people.
pub(crate) fn latest_problem<'t>(
    tasks: impl IntoIterator<Item = &'t Task>,
    is_job: bool,
) -> Option<String> {
    let troubled = tasks
        .into_iter()
        .filter(|task| !task.status.err.is_empty() || task.has_failed(is_job));
    let latest = troubled.max_by_key(|task| task.status.timestamp)?;
    Some(format!("{}: {}", latest.name(), words(latest)))
}

/// A task that is rejected was not started: its image could not be pulled (which Swarm tells in no more words than that there
/// is none), a mount or a network is missing. A task that failed was, or its program could not be.
fn blames_image(task: &Task) -> bool {
    let words = task.status.err.to_ascii_lowercase();
    match task.status.state.as_str() {
        "complete" => true,
        "failed" if words.contains("starting container failed") => {
            NOT_RUNNABLE.iter().any(|problem| words.contains(problem))
        }
        "failed" => words.contains("non-zero exit") || words.contains("unhealthy"),
        _ => false,
    }
}

fn words(task: &Task) -> &str {
    match task.status.state.as_str() {
        "complete" => "it ended with exit code 0, by itself or because it was unhealthy",
        _ if !task.status.err.is_empty() => &task.status.err,
        "orphaned" => "its node was lost",
        _ => &task.status.message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[track_caller]
    fn blames(statuses: &[Value], expected: &str) {
        let task = |status: &Value| {
            let task = json!({ "Slot": 1, "DesiredState": "shutdown", "Status": status });
            serde_json::from_value(task).expect("a task")
        };
        let tasks: Vec<Task> = statuses.iter().map(task).collect();
        let found = match of("rolled back", &tasks, false) {
            Failure::Image { message } => format!("image: {message}"),
            Failure::Orchestrator { message } => format!("orchestrator: {message}"),
            Failure::Workload { message } => format!("workload: {message}"),
        };
        assert_eq!(found, expected, "{statuses:?}");
    }

    fn failed(err: &str) -> Value {
        json!({ "State": "failed", "Err": err, "Message": "started" })
    }

    #[test]
    fn an_image_is_to_blame_that_started_and_failed_or_cannot_be_run() {
        blames(
            &[failed("task: non-zero exit (3)")],
            "image: rolled back: replica 1: task: non-zero exit (3)",
        );
        blames(
            &[failed(
                "task: non-zero exit (137): dockerexec: unhealthy container",
            )],
            "image: rolled back: replica 1: task: non-zero exit (137): dockerexec: unhealthy container",
        );
        blames(
            &[failed(
                "starting container failed: exec: \"/x\": stat /x: no such file or directory",
            )],
            "image: rolled back: replica 1: starting container failed: exec: \"/x\": stat /x: no such file or directory",
        );
        blames(
            &[json!({ "State": "complete", "Message": "finished" })],
            "image: rolled back: replica 1: it ended with exit code 0, by itself or because it was unhealthy",
        );
    }

    #[test]
    fn an_image_is_not_to_blame_for_what_a_node_lacks() {
        let lacks = json!({ "State": "rejected", "Err": "No such image: acme/web@sha256:1" });
        blames(
            std::slice::from_ref(&lacks),
            "orchestrator: rolled back: replica 1: No such image: acme/web@sha256:1",
        );
        blames(
            &[failed(
                "starting container failed: port is already allocated",
            )],
            "orchestrator: rolled back: replica 1: starting container failed: port is already allocated",
        );
        blames(
            &[json!({ "State": "orphaned", "Message": "started" })],
            "orchestrator: rolled back: replica 1: its node was lost",
        );
        blames(
            &[json!({ "State": "shutdown" })],
            "orchestrator: rolled back",
        );
        blames(
            &[failed("task: non-zero exit (3)"), lacks],
            "image: rolled back: replica 1: task: non-zero exit (3)",
        );
    }
}
