use std::time::Duration;

use registrywatcher::deployment::DeploymentId;
use registrywatcher::ports::Progress;
use tokio::time::{Instant, sleep};
use url::Url;

use crate::answer::{self, Look};
use crate::client::Client;
use crate::error::CallError;
use crate::handle::Outcome;
use crate::pauses::Pauses;

/// Asks for the status of one rollout until there is news of it.
pub(crate) struct Follower<'a> {
    pub(crate) client: &'a Client,
    pub(crate) pauses: &'a Pauses,
    pub(crate) id: DeploymentId,
    pub(crate) url: &'a Url,
    /// The pause between two looks, unless the receiver asks for another.
    pub(crate) poll: Duration,
    /// How long to wait for news.
    pub(crate) wait: Duration,
}

impl Follower<'_> {
    /// The next news, or the last if there are none for as long as is waited.
    pub(crate) async fn follow(&self) -> Result<Progress, CallError> {
        let until = Instant::now() + self.wait;
        let (mut pause, told) = self.pauses.of(self.url).unwrap_or_default();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if pause >= left {
                sleep(left).await;
                return Ok(Progress::Rolling { detail: told });
            }
            sleep(pause).await;
            let detail = match self.look().await? {
                (Look::Ended(outcome), _) => return Ok(self.end(outcome)),
                (Look::Unclear(problem), asked) => {
                    self.pauses.note(self.url, asked.unwrap_or_default(), told);
                    return Err(CallError::Unavailable {
                        problem,
                        source: None,
                    });
                }
                (Look::Running(detail), asked) => {
                    pause = asked.unwrap_or(self.poll);
                    self.pauses.note(self.url, pause, detail.clone());
                    detail
                }
            };
            if detail != told {
                return Ok(Progress::Rolling { detail });
            }
        }
    }

    async fn look(&self) -> Result<(Look, Option<Duration>), CallError> {
        let answer = self.client.get(self.url, &self.id.to_string()).await?;
        let asked = self.pauses.asked(&answer.headers);
        Ok((answer::of_status(&answer), asked))
    }

    fn end(&self, outcome: Outcome) -> Progress {
        self.pauses.forget(self.url);
        outcome.into()
    }
}
