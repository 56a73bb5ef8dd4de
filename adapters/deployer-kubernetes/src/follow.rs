use std::time::Duration;

use registrywatcher::ports::{Clock, Progress};
use tokio::time::Instant;

use crate::address::Address;
use crate::client::Client;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::object::Object;
use crate::pod::Pod;
use crate::rollout::{self, Expected, Facts};
use crate::selector::selector;

/// The time between two looks grows from the first to the second: what is quick is seen at once, what is slow costs little.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// Follows one rollout.
pub(crate) struct Follower<'a> {
    pub(crate) client: &'a Client,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) address: &'a Address,
    pub(crate) expected: Expected<'a>,
    pub(crate) deletes_stuck_pods: bool,
    /// How long it is followed until the caller hears that nothing is decided.
    pub(crate) wait: Duration,
}

impl Follower<'_> {
    /// Looks until the rollout is decided, there is other news than `told`, or the time is over.
    pub(crate) async fn follow(&self, told: Option<&Progress>) -> Result<Progress, ApiError> {
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let facts = self.look().await?;
            let mut progress = rollout::judge(&facts, &self.expected);
            if let Progress::Rolling { detail } = &mut progress
                && let Some(pod) = rollout::stuck(&facts, self.expected.grace)
            {
                *detail = self.unstick(pod).await?;
            }
            let left = self.wait.saturating_sub(begun.elapsed());
            let is_decided = !matches!(progress, Progress::Rolling { .. });
            if is_decided || left.is_zero() || told != Some(&progress) {
                return Ok(progress);
            }
            tokio::time::sleep(pause.min(left)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn look(&self) -> Result<Facts, ApiError> {
        let now = self.clock.now();
        let object = match self.client.object(self.address).await {
            Err(ApiError::NotFound(_)) => None,
            found => Some(found?),
        };
        let pods = match &object {
            Some(object) if object.kind != Kind::CronJob => self.pods(object).await?,
            _ => Vec::new(),
        };
        Ok(Facts { object, pods, now })
    }

    /// The object's pods. Where we may not look at them, a failure is learnt from the object alone, and later.
    async fn pods(&self, object: &Object) -> Result<Vec<Pod>, ApiError> {
        let selector = selector(&object.spec()["selector"]);
        match self.client.list(&self.address.pods(), &selector).await {
            Err(ApiError::Denied(said)) => {
                tracing::debug!(object = object.name(), "its pods cannot be listed: {said}");
                Ok(Vec::new())
            }
            pods => Ok(pods?.into_iter().map(Pod::new).collect()),
        }
    }

    /// Deletes a broken pod that stands in the way, and says what is waited for.
    async fn unstick(&self, pod: &Pod) -> Result<String, ApiError> {
        let name = pod.name();
        let by_hand =
            format!("the broken pod `{name}` of an older revision stands in the way; delete it");
        if !self.deletes_stuck_pods {
            return Ok(by_hand);
        }
        match self.client.delete_pod(self.address, name, pod.uid()).await {
            Ok(()) => {
                let unit = self.address.unit();
                tracing::info!(unit, "deleted the broken pod `{name}` of an older revision");
                Ok(format!(
                    "the broken pod `{name}` of an older revision is replaced"
                ))
            }
            Err(ApiError::Denied(said)) => Ok(format!("{by_hand} ({said})")),
            // It is gone, or it is another one by now.
            Err(ApiError::NotFound(_) | ApiError::Conflict(_)) => {
                Ok(format!("the pod `{name}` is replaced"))
            }
            Err(error) => Err(error),
        }
    }
}
