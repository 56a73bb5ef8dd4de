use std::time::Duration;

use crate::spec::{Mode, Spec};
use crate::task::Task;

/// How long Swarm takes over the update of a service by itself: its pauses between groups of tasks, and the watch at the end.
pub(crate) fn of(spec: Spec<'_>, tasks: &[Task]) -> Duration {
    let count = match spec.mode() {
        Mode::Replicated(count) | Mode::ReplicatedJob(count) => count,
        Mode::Global | Mode::GlobalJob => {
            let wanted = tasks.iter().filter(|task| task.is_wanted()).count();
            u64::try_from(wanted).unwrap_or(u64::MAX)
        }
    };
    let groups = match spec.parallelism() {
        0 => 1,
        at_once => count.div_ceil(at_once),
    };
    let pauses = u32::try_from(groups.saturating_sub(1)).unwrap_or(u32::MAX);
    spec.delay()
        .saturating_mul(pauses)
        .saturating_add(spec.monitor())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_slow_update_is_given_the_time_it_takes() {
        let minute = 60_000_000_000_u64;
        let allowed = |replicas: u64, parallelism: u64| {
            let spec = json!({
                "Mode": { "Replicated": { "Replicas": replicas } },
                "UpdateConfig": { "Parallelism": parallelism, "Delay": 10 * minute, "Monitor": minute },
            });
            of(Spec(&spec), &[])
        };
        assert_eq!(allowed(10, 1), Duration::from_mins(91));
        assert_eq!(allowed(10, 4), Duration::from_mins(21));
        assert_eq!(allowed(10, 0), Duration::from_mins(1));
        assert_eq!(allowed(0, 1), Duration::from_mins(1));
        assert_eq!(of(Spec(&json!({})), &[]), Duration::from_secs(5));
    }
}
