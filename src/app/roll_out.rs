mod end;
mod judge;
mod withdraw;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::freezes::frozen;
use super::transact::Draft;
use super::world::{Drive, World};
use super::{App, Wake};
use crate::deployment::{Deployment, DeploymentId, InvalidTransition, State};
use crate::event::{EventKind, Subject};
use crate::ports::{Accepted, Apply, Deployer, RestraintChange, Rollout, StoreError};
pub(super) use end::End;

/// How long an orchestrator that cannot be reached is asked to take a deployment on.
const APPLY_FOR: Duration = Duration::from_mins(2);

/// The least time between two looks at a rollout, for deployers that answer at once.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// How often a deployment looks whether its unit is free; it is woken earlier when one of ours ends.
const BETWEEN_STARTS: Duration = Duration::from_secs(5);

/// What to do with a deployment next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advance {
    /// Call [`App::advance`] again after this long.
    After(Duration),
    /// Nothing: it has ended, or somebody else drives it.
    Ended,
}

impl App {
    /// Brings a deployment one step further. Each state is stored before the side effect that it announces.
    ///
    /// `interrupt` ends the wait for news of a rollout early; it is fired when the deployment is to give way.
    pub async fn advance(
        &self,
        id: DeploymentId,
        interrupt: impl Future<Output = ()> + Send,
    ) -> Advance {
        let Some(deployment) = self.world().open.get(&id).cloned() else {
            return Advance::Ended;
        };
        if !self.attends_to(&deployment.watch) {
            return Advance::Ended;
        }
        let step = self.step(&deployment, interrupt).await;
        match step {
            Ok(Some(pause)) => Advance::After(pause),
            Ok(None) => {
                self.after_end(&deployment).await;
                Advance::Ended
            }
            Err(error) => {
                tracing::error!(watch.name = %deployment.watch, deployment.id = %id, "{error}");
                Advance::After(self.note_fault(id, None))
            }
        }
    }

    /// `None` when the deployment has ended, otherwise how long to wait.
    async fn step(
        &self,
        deployment: &Deployment,
        interrupt: impl Future<Output = ()> + Send,
    ) -> Result<Option<Duration>, StoreError> {
        let now = self.ports.clock.now();
        if deployment.superseded_by.is_some() {
            return self.end(deployment, End::Superseded).await;
        }
        if now >= deployment.deadline {
            let ended = self.end(deployment, End::overdue(deployment)).await?;
            self.let_go_of(deployment).await;
            return Ok(ended);
        }
        let Some(deployer) = self.ports.deployers.get(&deployment.workload.deployer) else {
            let message = format!("there is no deployer `{}`", deployment.workload.deployer);
            return self.end(deployment, End::given_up(message)).await;
        };
        match &deployment.state {
            State::Requested => self.start_rollout(deployment).await,
            State::Applying { .. } => self.apply(deployment, deployer).await,
            State::Rolling { handle, .. } | State::AwaitingPromotion { handle, .. } => {
                let rollout = Rollout {
                    apply: apply_of(deployment),
                    handle: handle.clone(),
                };
                match interrupted(deployer.follow(&rollout), interrupt).await {
                    Some(progress) => self.judge(deployment, progress).await,
                    None => Ok(Some(Duration::ZERO)),
                }
            }
            _ => Ok(None),
        }
    }

    /// Starts what was recorded, if it is still wanted.
    async fn start_rollout(&self, deployment: &Deployment) -> Result<Option<Duration>, StoreError> {
        let now = self.ports.clock.now();
        let started = self
            .transact(&deployment.watch, |world, draft| {
                let withdrawn = world.withdrawn(deployment, now);
                let is_withdrawn = withdrawn.is_some();
                let Some(next) = advanced(world, deployment.id, |old| {
                    old.advance(|state| match &withdrawn {
                        Some(reason) => state.abandon(now, reason.clone()),
                        None => state.start(now),
                    })
                }) else {
                    return Ok::<_, StoreError>(None);
                };
                match withdrawn {
                    Some(reason) => End::given_up(reason).consequences(&next, draft, now),
                    None => draft.tell(EventKind::DeploymentStarted {
                        subject: next.subject(),
                    }),
                }
                log(&next);
                draft.step.deployments.push(next);
                Ok(Some(is_withdrawn))
            })
            .await;
        match started {
            Ok(Some(true)) => Ok(None),
            Ok(_) => Ok(Some(Duration::ZERO)),
            Err(StoreError::UnitBusy) => Ok(Some(BETWEEN_STARTS)),
            Err(error) => Err(error),
        }
    }

    async fn apply(
        &self,
        deployment: &Deployment,
        deployer: &Arc<dyn Deployer>,
    ) -> Result<Option<Duration>, StoreError> {
        if let Some(reason) = self.overtaken(deployment).await {
            return self.end(deployment, End::given_up(reason)).await;
        }
        match deployer.apply(&apply_of(deployment)).await {
            Ok(accepted) => {
                self.clear_faults(deployment.id);
                self.accept(deployment, &accepted).await?;
                Ok(Some(Duration::ZERO))
            }
            Err(error) if error.is_transient() && !self.is_past_applying(deployment) => {
                tracing::warn!(watch.name = %deployment.watch, deployment.id = %deployment.id, "{error}");
                Ok(Some(
                    self.note_fault(deployment.id, Some(error.to_string())),
                ))
            }
            Err(error) => self.end(deployment, End::failed_by(&error)).await,
        }
    }

    async fn accept(&self, deployment: &Deployment, accepted: &Accepted) -> Result<(), StoreError> {
        let now = self.ports.clock.now();
        let allowed = accepted.allows.unwrap_or_default();
        let deadline = now + allowed + self.settings.rollout_deadline;
        self.save(
            deployment,
            |old| {
                let state = old.state.clone().accept(now, accepted.handle.clone())?;
                Ok(Deployment {
                    deadline,
                    state,
                    ..old
                })
            },
            |subject| EventKind::DeploymentAccepted { subject },
        )
        .await
    }

    fn is_past_applying(&self, deployment: &Deployment) -> bool {
        match deployment.state {
            State::Applying { since } => self.ports.clock.now() >= since + APPLY_FOR,
            _ => true,
        }
    }

    /// Stores a transition of a deployment that has not ended, and tells it.
    async fn save(
        &self,
        deployment: &Deployment,
        transition: impl Fn(Deployment) -> Result<Deployment, InvalidTransition>,
        event: impl Fn(Subject) -> EventKind,
    ) -> Result<(), StoreError> {
        self.transact(&deployment.watch, |world, draft| {
            let Some(advanced) = advanced(world, deployment.id, &transition) else {
                return Ok(None);
            };
            log(&advanced);
            draft.tell(event(advanced.subject()));
            draft.step.deployments.push(advanced);
            Ok::<_, StoreError>(Some(()))
        })
        .await
        .map(|_| ())
    }

    /// Ends a deployment, with all that follows from how it ended.
    async fn end(&self, deployment: &Deployment, end: End) -> Result<Option<Duration>, StoreError> {
        let now = self.ports.clock.now();
        let ended = self
            .transact(&deployment.watch, |world, draft| {
                let Some(current) = world.open.get(&deployment.id) else {
                    return Ok::<_, StoreError>(None);
                };
                let by = current.superseded_by;
                let Some(ended) = advanced(world, deployment.id, |old| {
                    old.advance(|state| end.clone().enter(state, now, by))
                }) else {
                    return Ok(None);
                };
                end.consequences(&ended, draft, now);
                if let End::Failed { .. } = end {
                    self.trip_breaker(world, draft, now);
                }
                draft.step.deployments.push(ended.clone());
                Ok(Some(ended))
            })
            .await?;
        if let Some(ended) = ended {
            tracing::info!(
                watch.name = %ended.watch, deployment.id = %ended.id, image.tag = %ended.tag(),
                image.digest = %ended.image().digest,
                "deployment of {} to {} has {}", ended.tag(), ended.workload, ended.state.name()
            );
        }
        Ok(None)
    }

    /// Freezes automatic deployments, if this failure is one too many.
    fn trip_breaker(&self, world: &World, draft: &mut Draft, now: DateTime<Utc>) {
        let Some(breaker) = &self.settings.breaker else {
            return;
        };
        let freeze = world.restraints.freeze.as_ref();
        if freeze.is_some_and(|freeze| freeze.is_active(now)) {
            return;
        }
        let failures: Vec<DateTime<Utc>> = world.failures.iter().copied().chain([now]).collect();
        if let Some(freeze) = breaker.trip(&failures, now) {
            draft.tell(frozen(&freeze, true));
            draft.restrain(RestraintChange::Freeze(Some(freeze)));
        }
    }

    /// Looks again at what runs, wakes what waited for the unit, and decides anew.
    pub(super) async fn after_end(&self, ended: &Deployment) {
        let (waiting, affected) = {
            let mut world = self.world();
            world.drives.remove(&ended.id);
            (world.waiting_for(ended), world.forget_looks_at(ended))
        };
        for id in waiting {
            self.wake(Wake::Deployment(id));
        }
        for name in affected {
            self.reconcile_or_log(&name).await;
        }
    }

    /// How long to wait after one more fault; `fault` is the deployer's, if it was one of it.
    fn note_fault(&self, id: DeploymentId, fault: Option<String>) -> Duration {
        let mut world = self.world();
        let drive = world.drives.entry(id).or_default();
        drive.fault = fault;
        drive.faults = drive.faults.saturating_add(1);
        Duration::from_secs(2_u64.pow(drive.faults.min(5))).min(Duration::from_secs(30))
    }

    fn clear_faults(&self, id: DeploymentId) {
        if let Some(Drive { faults, fault, .. }) = self.world().drives.get_mut(&id) {
            *faults = 0;
            *fault = None;
        }
    }
}

/// Waits for `work`, or gives `None` once `interrupt` fires.
async fn interrupted<T>(
    work: impl Future<Output = T> + Send,
    interrupt: impl Future<Output = ()> + Send,
) -> Option<T> {
    let (mut work, mut interrupt) = (pin!(work), pin!(interrupt));
    // Work first, always: which one wins must not depend on chance.
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending => interrupt.as_mut().poll(context).map(|()| None),
    })
    .await
}

fn log(advanced: &Deployment) {
    tracing::info!(
        watch.name = %advanced.watch, deployment.id = %advanced.id, image.tag = %advanced.tag(),
        "deployment of {} to {} is {}", advanced.tag(), advanced.workload, advanced.state.name()
    );
}

fn advanced(
    world: &World,
    id: DeploymentId,
    transition: impl Fn(Deployment) -> Result<Deployment, InvalidTransition>,
) -> Option<Deployment> {
    // Somebody else may have moved it on already; then there is nothing to do.
    transition(world.open.get(&id)?.clone()).ok()
}

pub(super) fn apply_of(deployment: &Deployment) -> Apply {
    Apply {
        id: deployment.id,
        workload: deployment.workload.clone(),
        source: deployment.source.clone(),
        candidate: deployment.candidate.clone(),
        forced: deployment.forced,
        previous: deployment.previous.clone(),
    }
}

impl World {
    /// The deployments that wait for the unit which `ended` had.
    fn waiting_for(&self, ended: &Deployment) -> Vec<DeploymentId> {
        let waits = |d: &&Deployment| d.unit == ended.unit && d.state == State::Requested;
        self.open
            .values()
            .filter(waits)
            .map(|deployment| deployment.id)
            .collect()
    }

    /// What the workloads of a unit run has changed: the watches that must look again.
    fn forget_looks_at(&mut self, ended: &Deployment) -> Vec<crate::watch::WatchName> {
        let mut affected = Vec::new();
        for (name, lives) in &mut self.live {
            let mut is_affected = *name == ended.watch;
            for live in lives.iter_mut().filter(|live| live.unit == ended.unit) {
                live.look = None;
                is_affected = true;
            }
            if is_affected {
                affected.push(name.clone());
            }
        }
        affected
    }
}

impl Deployment {
    /// What its events tell of it.
    pub fn subject(&self) -> Subject {
        Subject {
            deployment: self.id,
            workload: self.workload.clone(),
            repository: self.repository().clone(),
            tag: self.tag().clone(),
            digest: self.image().digest.clone(),
            previous_tag: self
                .previous
                .as_ref()
                .and_then(|previous| previous.tag.clone()),
            attempt: self.attempt,
        }
    }
}
