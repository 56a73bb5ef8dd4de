use std::time::Duration;

use registrywatcher::deployment::Failure;
use registrywatcher::ports::{Clock, Progress};
use registrywatcher_docker_engine::ApiError;
use tokio::time::Instant;

use crate::engine::{Engine, Sight};
use crate::rollout::{self, Expected, Facts};
use crate::service::Service;

/// The time between two looks: Swarm tells no change by itself.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// Follows one rollout.
pub(crate) struct Follower<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) name: &'a str,
    pub(crate) expected: Expected<'a>,
    /// How long it is followed until the caller hears that nothing is decided.
    pub(crate) wait: Duration,
}

impl Follower<'_> {
    /// Looks until the rollout is decided, there is other news than at first, or the time is over.
    pub(crate) async fn follow(&self) -> Result<Progress, ApiError> {
        let begun = Instant::now();
        let mut first = None;
        loop {
            let Some(facts) = self.look().await? else {
                return Ok(rollout::of_removed_service());
            };
            let progress = match rollout::judge(&facts, &self.expected) {
                rolling @ Progress::Rolling { .. } => rolling,
                decided if self.still_stands(&facts).await? => {
                    return Ok(self.with_last_words(decided, &facts).await);
                }
                _ => Progress::Rolling {
                    detail: "the service is being changed".to_owned(),
                },
            };
            let is_news = *first.get_or_insert_with(|| progress.clone()) != progress;
            if is_news || begun.elapsed() >= self.wait {
                return Ok(progress);
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }

    /// A failure of the image, with what it wrote before its end.
    async fn with_last_words(&self, progress: Progress, facts: &Facts) -> Progress {
        let Progress::Failed {
            reason: Failure::Image { mut message },
            restored,
        } = progress
        else {
            return progress;
        };
        if let Some(task) = rollout::culprit(facts, &self.expected) {
            let words = self.engine.last_lines(task).await;
            if !words.is_empty() {
                message = format!("{message}: {words}");
            }
        }
        Progress::Failed {
            reason: Failure::Image { message },
            restored,
        }
    }

    async fn look(&self) -> Result<Option<Facts>, ApiError> {
        let Some(Sight { service, at }) = self.engine.service(self.name).await? else {
            return Ok(None);
        };
        let tasks = self.engine.tasks(service.id()).await?;
        Ok(Some(Facts {
            service,
            tasks,
            nodes: self.engine.nodes().await?,
            now: at.unwrap_or_else(|| self.clock.now()),
        }))
    }

    /// Whether the service is as it was judged: tasks that were read after it may be of its successor.
    async fn still_stands(&self, facts: &Facts) -> Result<bool, ApiError> {
        let now = self.engine.service(self.name).await?;
        let now = now.map(|sight| sight.service);
        let is_same =
            |it: &Service| (it.id(), it.version()) == (facts.service.id(), facts.service.version());
        Ok(now.as_ref().is_some_and(is_same))
    }
}
