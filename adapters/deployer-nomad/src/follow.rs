use std::time::Duration;

use registrywatcher::ports::{Clock, Progress};
use tokio::time::Instant;

use crate::client::{Client, Indexed, Route};
use crate::error::ApiError;
use crate::job::Job;
use crate::rollout::{self, Expected, Facts};
use crate::wire::{Allocation, Deployment, Evaluation, Versions};

/// The least time between two looks, whatever Nomad answers to a blocking query.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// How many evaluations in a row that follow each other up are followed.
const MOST_FOLLOW_UPS: usize = 5;

/// Follows one rollout.
pub(crate) struct Follower<'a> {
    pub(crate) client: &'a Client,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) expected: Expected<'a>,
    /// How long it is followed until the caller hears that nothing is decided.
    pub(crate) wait: Duration,
}

/// What Nomad said at one moment, and where the next change will show.
struct Look {
    facts: Facts,
    change: Option<(Route, u64)>,
}

impl Follower<'_> {
    /// Looks until the rollout is decided, there is other news than `told`, or the time is over.
    pub(crate) async fn follow(&self, told: Option<&Progress>) -> Result<Progress, ApiError> {
        let begun = Instant::now();
        loop {
            let look_at = Instant::now();
            let look = self.look().await?;
            let judged = rollout::judge(&look.facts, &self.expected);
            let left = self.wait.saturating_sub(begun.elapsed());
            if is_decided(&judged.progress) {
                if self.still_stands(&look.facts).await? {
                    return Ok(judged.progress);
                }
                if left.is_zero() {
                    return Ok(Progress::Rolling {
                        detail: "the job was registered anew".to_owned(),
                    });
                }
            } else if left.is_zero() || told != Some(&judged.progress) {
                return Ok(judged.progress);
            } else if let Some((route, index)) = &look.change {
                let wait = judged.again_in.map_or(left, |again_in| again_in.min(left));
                if let Err(error) = self.client.wait_beyond(route, *index, wait).await {
                    tracing::debug!(job = %self.expected.handle.job, "a blocking query failed: {error}");
                }
            }
            tokio::time::sleep_until(look_at + BETWEEN_LOOKS).await;
        }
    }

    /// Whether the job is still the one that was judged: what was read after it may belong to its successor.
    async fn still_stands(&self, facts: &Facts) -> Result<bool, ApiError> {
        let job = self.client.find::<Job>(&self.of_job(&[])).await?;
        let index = |job: Option<&Job>| job.map(Job::job_modify_index);
        Ok(index(job.as_ref().map(|job| &job.value)) == index(facts.job.as_ref()))
    }

    async fn look(&self) -> Result<Look, ApiError> {
        let now = self.clock.now();
        let Some(job) = self.client.find::<Job>(&self.of_job(&[])).await? else {
            return Ok(Look {
                facts: Facts {
                    now,
                    ..Facts::default()
                },
                change: None,
            });
        };
        let job = job.value;
        let is_met = self.expected.is_met_by(&job);
        let versions = if is_met {
            Vec::new()
        } else {
            self.versions().await?
        };
        let evaluation = if is_met {
            self.evaluation(&job).await?
        } else {
            None
        };
        let deployments = self.list::<Deployment>("deployments").await?;
        let allocations = self.list::<Allocation>("allocations").await?;

        let is_pending = evaluation
            .as_ref()
            .filter(|evaluation| evaluation.value.status == "pending");
        let (deployments_at, allocations_at) = (deployments.index, allocations.index);
        let facts = Facts {
            versions,
            deployments: deployments.value,
            allocations: allocations.value,
            evaluation: evaluation
                .as_ref()
                .map(|evaluation| evaluation.value.clone()),
            now,
            job: None,
        };
        let change = if facts.deployment_of(&job).is_some() {
            (self.of_job(&["deployments"]), deployments_at)
        } else if let Some(evaluation) = is_pending {
            (
                self.route(&["evaluation", &evaluation.value.id]),
                evaluation.index,
            )
        } else {
            (self.of_job(&["allocations"]), allocations_at)
        };
        Ok(Look {
            facts: Facts {
                job: Some(job),
                ..facts
            },
            change: Some(change),
        })
    }

    async fn versions(&self) -> Result<Vec<Job>, ApiError> {
        let versions = self
            .client
            .find::<Versions>(&self.of_job(&["versions"]))
            .await?;
        Ok(versions
            .map(|versions| versions.value.versions)
            .unwrap_or_default())
    }

    /// The evaluation that rolls out `job`: the one of our registration and what follows it up, or, when Nomad has
    /// forgotten or canceled it, or the job was registered anew, the newest of the job.
    async fn evaluation(&self, job: &Job) -> Result<Option<Indexed<Evaluation>>, ApiError> {
        let handle = self.expected.handle;
        let ours = handle
            .evaluation
            .clone()
            .filter(|_| job.job_modify_index() == handle.job_modify_index);
        let mut next = ours;
        for _ in 0..MOST_FOLLOW_UPS {
            let Some(id) = next else { break };
            let found = self
                .client
                .find::<Evaluation>(&self.route(&["evaluation", &id]))
                .await?;
            match found {
                Some(found)
                    if found.value.status == "failed" && !found.value.next_eval.is_empty() =>
                {
                    next = Some(found.value.next_eval);
                }
                Some(found) if found.value.status != "canceled" => return Ok(Some(found)),
                _ => break,
            }
        }
        let evaluations = self.list::<Evaluation>("evaluations").await?;
        let rank = |evaluation: &Evaluation| {
            (
                evaluation.status == "pending",
                evaluation.status != "canceled",
                evaluation.create_index,
            )
        };
        let newest = evaluations.value.into_iter().max_by_key(rank);
        Ok(newest.map(|value| Indexed {
            index: evaluations.index,
            value,
        }))
    }

    /// A list that belongs to the job; Nomad answers `null` when it is empty.
    async fn list<T: serde::de::DeserializeOwned>(
        &self,
        of: &str,
    ) -> Result<Indexed<Vec<T>>, ApiError> {
        let found = self
            .client
            .find::<Option<Vec<T>>>(&self.of_job(&[of]))
            .await?;
        Ok(found.map_or(
            Indexed {
                index: 0,
                value: Vec::new(),
            },
            |found| Indexed {
                index: found.index,
                value: found.value.unwrap_or_default(),
            },
        ))
    }

    fn of_job(&self, rest: &[&str]) -> Route {
        self.route(&[&["job", self.expected.handle.job.as_str()], rest].concat())
    }

    fn route(&self, segments: &[&str]) -> Route {
        Route::new(&self.expected.handle.namespace, segments)
    }
}

fn is_decided(progress: &Progress) -> bool {
    !matches!(
        progress,
        Progress::Rolling { .. } | Progress::AwaitingPromotion
    )
}
