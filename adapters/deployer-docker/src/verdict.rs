use std::time::Duration;

use crate::container::{Container, Health};

/// How a container on trial does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is not decided; what is waited for.
    Waiting(String),
    /// It runs, and is healthy as far as that can be told.
    Healthy,
    /// It does not run, or is not healthy; in what way.
    Failed(String),
}

/// How long a trial lasts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trial {
    /// How long a container without a health check must run.
    pub(crate) settle_time: Duration,
    /// How long one with a health check may be neither healthy nor unhealthy.
    pub(crate) health_grace: Duration,
}

/// How much of a health check's output goes into a message.
const MAX_OUTPUT: usize = 300;

impl Trial {
    /// Judges a container that was started `ago`.
    pub(crate) fn judge(self, container: &Container, ago: Duration) -> Verdict {
        let state = container.state();
        if !state.running || state.restarting || container.restart_count() > 0 {
            return Verdict::Failed(end_of(container));
        }
        if state.paused {
            return Verdict::Waiting("it is paused".to_owned());
        }
        let health = state.health.as_ref();
        match health.filter(|health| !matches!(health.status.as_str(), "" | "none")) {
            Some(health) => self.judge_health(health, ago),
            None if ago >= self.settle_time => Verdict::Healthy,
            None => Verdict::Waiting(format!(
                "it must run for {}",
                humantime::format_duration(self.settle_time)
            )),
        }
    }

    fn judge_health(self, health: &Health, ago: Duration) -> Verdict {
        match health.status.as_str() {
            "healthy" => Verdict::Healthy,
            "unhealthy" => Verdict::Failed(format!("it is unhealthy{}", last_output(health))),
            _ if ago >= self.health_grace => Verdict::Failed(format!(
                "its health check had not decided after {}{}",
                humantime::format_duration(self.health_grace),
                last_output(health)
            )),
            _ => Verdict::Waiting("its health check has not decided yet".to_owned()),
        }
    }
}

/// How a container came to its end.
pub(crate) fn end_of(container: &Container) -> String {
    let state = container.state();
    let times = match container.restart_count() {
        0 => String::new(),
        1 => ", and once before".to_owned(),
        count => format!(", and {count} times before"),
    };
    if !state.error.is_empty() {
        return format!("it cannot be started: {}", state.error);
    }
    if let Some(health) = state.health.as_ref().filter(|it| it.status == "unhealthy") {
        return format!("it is unhealthy{}", last_output(health));
    }
    if state.oom_killed {
        return format!("it was killed for want of memory{times}");
    }
    format!("it exited with code {}{times}", state.exit_code)
}

fn last_output(health: &Health) -> String {
    let last = health.log.iter().flatten().last();
    let output = last.map_or("", |probe| probe.output.trim());
    if output.is_empty() {
        return last.map_or(String::new(), |probe| {
            format!(": the check exits with code {}", probe.exit_code)
        });
    }
    let output: String = output.chars().take(MAX_OUTPUT).collect();
    format!(": {output}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const TRIAL: Trial = Trial {
        settle_time: Duration::from_secs(10),
        health_grace: Duration::from_mins(5),
    };

    #[track_caller]
    fn judged(state: &Value, restarts: u32, seconds: u64, expected: &str) {
        let container = Container::read(json!({
            "Id": "c", "Name": "/web", "Image": "sha256:i", "State": state, "RestartCount": restarts,
        }))
        .unwrap();
        let verdict = match TRIAL.judge(&container, Duration::from_secs(seconds)) {
            Verdict::Healthy => "healthy".to_owned(),
            Verdict::Waiting(what) => format!("waiting: {what}"),
            Verdict::Failed(how) => format!("failed: {how}"),
        };
        assert_eq!(verdict, expected, "{state}");
    }

    #[test]
    fn without_a_health_check_a_container_must_stay_up() {
        let up = json!({ "Status": "running", "Running": true });
        judged(&up, 0, 3, "waiting: it must run for 10s");
        judged(&up, 0, 10, "healthy");
        judged(
            &up,
            2,
            30,
            "failed: it exited with code 0, and 2 times before",
        );
        let restarting =
            json!({ "Status": "restarting", "Running": true, "Restarting": true, "ExitCode": 1 });
        judged(
            &restarting,
            1,
            3,
            "failed: it exited with code 1, and once before",
        );
        let exited = json!({ "Status": "exited", "ExitCode": 3 });
        judged(&exited, 0, 30, "failed: it exited with code 3");
        let killed = json!({ "Status": "exited", "OOMKilled": true, "ExitCode": 137 });
        judged(&killed, 0, 1, "failed: it was killed for want of memory");
    }

    #[test]
    fn a_health_check_decides_where_there_is_one() {
        let with = |health: Value| json!({ "Running": true, "Health": health });
        let starting =
            json!({ "Status": "starting", "Log": [{ "ExitCode": 1, "Output": "no answer\n" }] });
        judged(
            &with(starting.clone()),
            0,
            200,
            "waiting: its health check has not decided yet",
        );
        judged(
            &with(starting),
            0,
            300,
            "failed: its health check had not decided after 5m: no answer",
        );
        judged(&with(json!({ "Status": "healthy" })), 0, 0, "healthy");
        let unhealthy = json!({ "Status": "unhealthy", "Log": [{ "ExitCode": 1, "Output": "" }] });
        judged(
            &with(unhealthy),
            0,
            0,
            "failed: it is unhealthy: the check exits with code 1",
        );
        judged(
            &with(json!({ "Status": "none", "Log": null })),
            0,
            10,
            "healthy",
        );
    }
}
