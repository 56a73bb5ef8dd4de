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
    let ended = tasks.into_iter().filter(|task| has_ended(task, is_job));
    // One that started and failed outweighs others that could not be started, and then the latest counts.
    let strongest = ended.max_by_key(|task| (blames_image(task), task.status.timestamp));
    let Some(task) = strongest else {
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

/// What went wrong last, or stands in the way, for people.
pub(crate) fn latest_problem<'t>(
    tasks: impl IntoIterator<Item = &'t Task>,
    is_job: bool,
) -> Option<String> {
    let troubled = tasks
        .into_iter()
        .filter(|task| !task.status.err.is_empty() || has_ended(task, is_job));
    let latest = troubled.max_by_key(|task| task.status.timestamp)?;
    Some(format!("{}: {}", latest.name(), words(latest)))
}

fn has_ended(task: &Task, is_job: bool) -> bool {
    task.has_failed() || (task.is_complete() && !is_job)
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
        "complete" => "it exited with code 0",
        _ if !task.status.err.is_empty() => &task.status.err,
        "orphaned" => "its node was lost",
        _ => &task.status.message,
    }
}
