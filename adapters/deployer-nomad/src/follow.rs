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

/// What the next change will show at.
enum Decisive<'a> {
    Deployment,
    Evaluation(&'a str),
    Allocations,
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
        let job = self.find_job().await?;
        let index = |job: Option<&Job>| job.map(Job::job_modify_index);
        Ok(index(job.as_ref()) == index(facts.job.as_ref()))
    }

    async fn look(&self) -> Result<Look, ApiError> {
        let now = self.clock.now();
        let Some(job) = self.find_job().await? else {
            return Ok(Look {
                facts: Facts {
                    now,
                    ..Facts::default()
                },
                change: None,
            });
        };
        // Before the deployments: once an evaluation is complete, its deployment is there if there will be one.
        let (evaluation, versions) = if self.expected.is_met_by(&job) {
            (self.evaluation(&job).await?, Vec::new())
        } else {
            (self.registered_evaluation().await?, self.versions().await?)
        };
        let evaluation_index = evaluation.as_ref().map_or(0, |evaluation| evaluation.index);
        let deployments = self.list::<Deployment>("deployments").await?;
        let allocations = self.list::<Allocation>("allocations").await?;

        let (deployments_index, allocations_index) = (deployments.index, allocations.index);
        let facts = Facts {
            job: Some(job),
            versions,
            deployments: deployments.value,
            evaluation: evaluation.map(|evaluation| evaluation.value),
            allocations: allocations.value,
            now,
        };
        let change = match Self::decisive(&facts) {
            Decisive::Deployment => (self.of_job(&["deployments"]), deployments_index),
            Decisive::Evaluation(id) => (self.route(&["evaluation", id]), evaluation_index),
            Decisive::Allocations => (self.of_job(&["allocations"]), allocations_index),
        };
        Ok(Look {
            change: Some(change),
            facts,
        })
    }

    /// What Nomad says now.
    pub(crate) async fn facts(&self) -> Result<Facts, ApiError> {
        Ok(self.look().await?.facts)
    }

    fn decisive(facts: &Facts) -> Decisive<'_> {
        if facts
            .job
            .as_ref()
            .is_some_and(|job| facts.deployment_of(job).is_some())
        {
            return Decisive::Deployment;
        }
        match &facts.evaluation {
            Some(evaluation) if evaluation.status == "pending" => {
                Decisive::Evaluation(&evaluation.id)
            }
            _ => Decisive::Allocations,
        }
    }

    async fn find_job(&self) -> Result<Option<Job>, ApiError> {
        Ok(self
            .client
            .find::<Job>(&self.of_job(&[]))
            .await?
            .map(|job| job.value))
    }

    async fn versions(&self) -> Result<Vec<Job>, ApiError> {
        let found = self
            .client
            .find::<Versions>(&self.of_job(&["versions"]))
            .await?;
        Ok(found.map(|found| found.value.versions).unwrap_or_default())
    }

    /// The evaluation that rolls out `job`: the one of our registration and what follows it up, or, when Nomad has
    /// forgotten or canceled it, or the job was registered anew, the newest of the job.
    async fn evaluation(&self, job: &Job) -> Result<Option<Indexed<Evaluation>>, ApiError> {
        let handle = self.expected.handle;
        let is_ours = job.job_modify_index() == handle.job_modify_index;
        let mut next = handle.evaluation.clone().filter(|_| is_ours);
        for _ in 0..MOST_FOLLOW_UPS {
            let Some(id) = next else { break };
            let Some(found) = self.find_evaluation(&id).await? else {
                break;
            };
            next = self.successor_of(&found.value).await?;
            if next.is_none() && found.value.status != "canceled" {
                return Ok(Some(found));
            }
        }
        let evaluations = self.list::<Evaluation>("evaluations").await?;
        let rank = |evaluation: &Evaluation| {
            let status = evaluation.status.as_str();
            (
                status == "pending",
                status != "canceled",
                evaluation.create_index,
            )
        };
        let newest = evaluations.map(|known| known.into_iter().max_by_key(rank));
        Ok(newest.transpose())
    }

    /// The evaluation of our registration, whatever became of it.
    async fn registered_evaluation(&self) -> Result<Option<Indexed<Evaluation>>, ApiError> {
        match &self.expected.handle.evaluation {
            Some(id) => self.find_evaluation(id).await,
            None => Ok(None),
        }
    }

    /// The evaluation that took over from one that failed, or that waited for room and found it.
    async fn successor_of(&self, evaluation: &Evaluation) -> Result<Option<String>, ApiError> {
        if evaluation.status == "failed" {
            return Ok(Some(evaluation.next_eval.clone()).filter(|next| !next.is_empty()));
        }
        if evaluation.blocked_eval.is_empty() {
            return Ok(None);
        }
        let waiting = self.find_evaluation(&evaluation.blocked_eval).await?;
        let took_over = |status: &str| !matches!(status, "blocked" | "canceled");
        Ok(waiting
            .filter(|it| took_over(&it.value.status))
            .map(|it| it.value.id))
    }

    async fn find_evaluation(&self, id: &str) -> Result<Option<Indexed<Evaluation>>, ApiError> {
        self.client.find(&self.route(&["evaluation", id])).await
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
        Ok(found.map_or_else(Indexed::default, |found| {
            found.map(Option::unwrap_or_default)
        }))
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
