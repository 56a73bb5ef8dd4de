use std::ops::ControlFlow;
use std::time::Duration;

use registrywatcher::deployment::Failure;
use registrywatcher::ports::Progress;
use registrywatcher_docker_engine::ApiError;
use tokio::time::Instant;

use super::{Drive, Halt, Step};
use crate::container::Container;
use crate::scene::Made;
use crate::verdict::Verdict;

/// How often a container on trial is looked at.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

/// How much of what a container wrote goes into a message.
const MAX_LINES: usize = 500;

impl Drive {
    /// Starts the new container, and watches whether it does well.
    pub(super) async fn try_out(&self, made: &Made) -> Step {
        let Some(old) = &made.predecessor else {
            return Ok(ControlFlow::Break(Progress::Succeeded));
        };
        if made.container.was_never_started() {
            match self.engine.start(&made.container).await {
                Ok(()) => {}
                Err(error @ ApiError::Unavailable { .. }) => return Err(error.into()),
                Err(error) => return self.fail(made, not_started(&error)).await,
            }
        }
        let started = Instant::now();
        loop {
            let container = self.engine.container(made.container.id()).await?;
            let Some(container) = container else {
                return Ok(ControlFlow::Continue(()));
            };
            // Who takes its name while we drive it drives on from here, and brings back what is to be brought back.
            if container.name() != self.name {
                return Ok(ControlFlow::Break(Progress::Superseded));
            }
            match self.trial.judge(&container, started.elapsed()) {
                Verdict::Healthy => return self.succeed(made, old).await,
                Verdict::Failed(how) => {
                    let message = self.with_last_lines(how, &container).await;
                    return self.fail(made, Failure::Image { message }).await;
                }
                Verdict::Waiting(what) => self.line.say(what),
            }
            tokio::select! {
                biased;
                () = self.line.stopped() => return Err(Halt::Stopped),
                () = tokio::time::sleep(BETWEEN_LOOKS) => {}
            }
        }
    }

    async fn succeed(&self, made: &Made, old: &Container) -> Step {
        self.engine.remove(old.id()).await?;
        // As a pull by tag would have done: what Compose looks up by its tag is then what runs.
        let repository = self.apply.source.spelling();
        let tag = self.apply.candidate.tag.to_string();
        let image = made.container.image_id();
        if let Err(error) = self.engine.tag(image, repository, &tag).await {
            tracing::warn!(container = self.name, "the image was not tagged: {error}");
        }
        Ok(ControlFlow::Break(Progress::Succeeded))
    }

    async fn with_last_lines(&self, how: String, container: &Container) -> String {
        let lines = self.engine.last_lines(container).await;
        if lines.is_empty() {
            return how;
        }
        let lines: String = lines.chars().take(MAX_LINES).collect();
        format!("{how}: {lines}")
    }
}

/// Whose fault it is that a container cannot be started: what cannot be executed is the image's.
fn not_started(error: &ApiError) -> Failure {
    let message = format!("it cannot be started: {error}");
    let of_image = [
        "executable file not found",
        "exec format error",
        "no such file or directory: unknown",
        "exec: ",
    ];
    if of_image.iter().any(|text| message.contains(text)) {
        Failure::Image { message }
    } else {
        Failure::Orchestrator { message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_executed_is_the_image_s_fault_and_a_port_in_use_is_not() {
        let blames_image = |said: &str| not_started(&ApiError::Failed(said.into())).blames_image();
        assert!(blames_image(
            "400: OCI runtime create failed: exec: \"/nothing\": stat /nothing: no such file or directory: unknown"
        ));
        assert!(blames_image("400: exec format error"));
        assert!(!blames_image(
            "500: Bind for 0.0.0.0:80 failed: port is already allocated"
        ));
    }
}
