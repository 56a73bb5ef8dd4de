use std::sync::Arc;

use super::queries::Decided;
use super::transact::Draft;
use super::world::{Look, World};
use super::{App, Wake};
use crate::decision::{Decision, Deploy, Hold, HoldReason, decide};
use crate::deployment::{Adopted, Deployment, DeploymentId, Origin, Previous, Runs, State};
use crate::event::EventKind;
use crate::intent::{Candidate, Request};
use crate::ports::{StoreError, WatchState};
use crate::watch::{AdoptMode, Watch, WatchName, Workload};

impl App {
    /// Decides for each workload of a watch, and records the deployments that are decided on.
    ///
    /// Called after every poll, command and ended deployment. It asks the registry nothing.
    pub async fn reconcile(&self, name: &WatchName) -> Result<(), StoreError> {
        let Some(watch) = self.watch_of(name).filter(|_| self.attends_to(name)) else {
            return Ok(());
        };
        let reconciled = self.try_reconcile(&watch).await;
        if let Err(error) = &reconciled
            && error.is_transient()
        {
            self.hold_for_store(&watch, error);
        }
        reconciled
    }

    async fn try_reconcile(&self, watch: &Arc<Watch>) -> Result<(), StoreError> {
        let name = &watch.name;
        self.freshen(name).await?;
        if self.was_retired_elsewhere(name) {
            return Ok(());
        }
        self.drop_expired_requests(name).await?;
        self.look_at_workloads(watch).await;
        self.adopt(watch).await?;
        for index in 0..watch.workloads.len() {
            let mut decision = self.decide(watch, index);
            if matches!(decision, Some(Decision::Deploy(_))) && self.look_is_old(watch, index) {
                self.look(watch, index).await;
                decision = self.decide(watch, index);
            }
            if matches!(decision, Some(Decision::Deploy(_))) {
                decision = self.record(watch, index).await?;
            }
            self.remember(watch, index, decision);
        }
        Ok(())
    }

    /// Reconciles where nobody waits for the outcome: the next poll tries again.
    pub(super) async fn reconcile_or_log(&self, name: &WatchName) {
        if let Err(error) = self.reconcile(name).await {
            tracing::error!(watch.name = %name, "cannot decide on {name}: {error}");
        }
    }

    /// Shows that nothing is deployed because the store fails, and what would be.
    fn hold_for_store(&self, watch: &Watch, error: &StoreError) {
        for index in 0..watch.workloads.len() {
            let (candidate, cause) = match self.decide(watch, index) {
                Some(Decision::Deploy(deploy)) => (Some(deploy.candidate), Some(deploy.cause)),
                _ => (None, None),
            };
            let hold = Hold {
                candidate,
                cause,
                reasons: vec![HoldReason::StoreUnavailable {
                    why: error.to_string(),
                }],
                earliest: None,
            };
            self.remember(watch, index, Some(Decision::Hold(hold)));
        }
    }

    fn decide(&self, watch: &Watch, index: usize) -> Option<Decision> {
        let now = self.ports.clock.now();
        self.world().with_facts(watch, index, now, decide)
    }

    /// Stores the deployment that the rules decide on, deciding once more on what is stored by then.
    async fn record(&self, watch: &Watch, index: usize) -> Result<Option<Decision>, StoreError> {
        let id = DeploymentId(self.ports.ids.next());
        let now = self.ports.clock.now();
        let recorded = self
            .transact(&watch.name, |world, draft| {
                let Some(decision) = world.with_facts(watch, index, now, decide) else {
                    return Ok::<_, StoreError>(None);
                };
                let Decision::Deploy(deploy) = &decision else {
                    return Ok(None);
                };
                let deployment = self.new_deployment(world, watch, index, id, deploy);
                supersede(world, draft, deploy.supersedes, &deployment);
                consume_request(draft.watch(), &deployment);
                draft.tell(EventKind::DeploymentCreated {
                    subject: deployment.subject(),
                    cause: deployment.cause.clone(),
                });
                draft.step.deployments.push(deployment);
                Ok(Some(decision))
            })
            .await?;
        match recorded {
            Some(decision) => {
                if let Decision::Deploy(Deploy {
                    supersedes: Some(old),
                    ..
                }) = &decision
                {
                    self.wake(Wake::Deployment(*old));
                }
                self.wake(Wake::Deployment(id));
                Ok(Some(decision))
            }
            None => Ok(self.decide(watch, index)),
        }
    }

    fn new_deployment(
        &self,
        world: &World,
        watch: &Watch,
        index: usize,
        id: DeploymentId,
        deploy: &Deploy,
    ) -> Deployment {
        let live = &world.live_workloads(watch)[index];
        let now = self.ports.clock.now();
        Deployment {
            id,
            watch: watch.name.clone(),
            workload: watch.workloads[index].clone(),
            unit: live.unit.clone(),
            source: watch.image.clone(),
            candidate: deploy.candidate.clone(),
            cause: deploy.cause.clone(),
            forced: deploy.forced,
            attempt: world.attempt(watch, &watch.workloads[index], &deploy.candidate),
            previous: previous(&world.runs(watch)[index]),
            created_at: now,
            deadline: now + self.settings.rollout_deadline,
            superseded_by: None,
            state: State::Requested,
        }
    }

    fn remember(&self, watch: &Watch, index: usize, decision: Option<Decision>) {
        let Some(decision) = decision else { return };
        let mut world = self.world();
        let Some(live) = world.live_workload_mut(watch, index) else {
            return;
        };
        if live
            .decided
            .as_ref()
            .is_some_and(|decided| decided.decision == decision)
        {
            return;
        }
        tracing::info!(watch.name = %watch.name, "{}: {decision}", watch.workloads[index]);
        live.decided = Some(Decided {
            decision,
            since: self.ports.clock.now(),
        });
    }

    /// Asks the deployers what the workloads of `watch` run, where that is not known or too long ago.
    pub(super) async fn look_at_workloads(&self, watch: &Arc<Watch>) {
        for index in 0..watch.workloads.len() {
            let is_due = {
                let world = self.world();
                let live = world.live_workloads(watch).get(index);
                live.is_some_and(|live| {
                    live.look.as_ref().is_none_or(|look| {
                        look.answer.is_err()
                            || self.ports.clock.monotonic()
                                >= look.at + self.settings.drift_interval
                    })
                })
            };
            if is_due {
                self.look(watch, index).await;
            }
        }
    }

    /// Whether what is known of a workload was not asked for just now.
    fn look_is_old(&self, watch: &Watch, index: usize) -> bool {
        let now = self.ports.clock.monotonic();
        let world = self.world();
        let live = world.live_workloads(watch).get(index);
        live.is_some_and(|live| live.look.as_ref().is_none_or(|look| look.at < now))
    }

    pub(super) async fn look(&self, watch: &Watch, index: usize) {
        let workload = &watch.workloads[index];
        let at = self.ports.clock.monotonic();
        let answer = match self.ports.deployers.get(&workload.deployer) {
            Some(deployer) => deployer
                .running(workload)
                .await
                .map_err(|error| error.to_string()),
            None => Err(format!("there is no deployer `{}`", workload.deployer)),
        };
        if let Err(problem) = &answer {
            tracing::warn!(watch.name = %watch.name, deployer.name = %workload.deployer, "{problem}");
        }
        if let Some(live) = self.world().live_workload_mut(watch, index) {
            live.look = Some(Look { at, answer });
        }
    }

    /// Takes the digest which the tag of an unpinned workload has at first sight for what runs.
    async fn adopt(&self, watch: &Watch) -> Result<(), StoreError> {
        if watch.adopt == AdoptMode::Redeploy || self.adoptions(watch).is_empty() {
            return Ok(());
        }
        self.transact(&watch.name, |world, draft| {
            for (workload, candidate) in world.adoptions(watch) {
                draft.tell(EventKind::WorkloadAdopted {
                    workload: workload.clone(),
                    tag: candidate.tag.clone(),
                    digest: candidate.image.digest.clone(),
                });
                let at = self.ports.clock.now();
                draft.watch().of_mut(&workload).adopted = Some(Adopted { candidate, at });
            }
            Ok::<_, StoreError>(Some(()))
        })
        .await?;
        Ok(())
    }

    fn adoptions(&self, watch: &Watch) -> Vec<(Workload, Candidate)> {
        self.world().adoptions(watch)
    }

    async fn drop_expired_requests(&self, name: &WatchName) -> Result<(), StoreError> {
        let now = self.ports.clock.now();
        let is_expired = |request: &Request| request.expires_at <= now;
        let any = self
            .world()
            .states
            .get(name)
            .is_some_and(|state| state.requests.iter().any(is_expired));
        if !any {
            return Ok(());
        }
        self.transact(name, |_, draft| {
            let requests = std::mem::take(&mut draft.watch().requests);
            let (expired, kept): (Vec<_>, Vec<_>) = requests.into_iter().partition(is_expired);
            draft.watch().requests = kept;
            for request in expired {
                let reason = "it could not be served in time".to_owned();
                draft.tell(EventKind::RequestDropped {
                    request: request.id,
                    reason,
                });
            }
            Ok::<_, StoreError>(Some(()))
        })
        .await?;
        Ok(())
    }
}

impl World {
    /// How often in a row `workload` was to be brought to `candidate`, the next time included.
    fn attempt(&self, watch: &Watch, workload: &Workload, candidate: &Candidate) -> u32 {
        let state = self.states.get(&watch.name);
        let stored = state.and_then(|state| state.of(workload));
        let failed = stored.and_then(|stored| stored.failed.as_ref());
        let is_again = failed.is_some_and(|failed| failed.candidate == *candidate);
        let setback = stored.and_then(|stored| stored.setback.as_ref());
        let failures = setback.filter(|_| is_again).map_or(0, |s| s.consecutive);
        failures.saturating_add(1)
    }

    /// The workloads of `watch` that run an unpinned tag and were never deployed by us, with what the tag points to.
    fn adoptions(&self, watch: &Watch) -> Vec<(Workload, Candidate)> {
        if !self.runs_unpinned(watch) {
            return Vec::new();
        }
        let Some(state) = self.states.get(&watch.name) else {
            return Vec::new();
        };
        let Some(observation) = self.observation(watch.repository()) else {
            return Vec::new();
        };
        let runs = self.runs(watch);
        watch
            .workloads
            .iter()
            .zip(runs)
            .filter_map(|(workload, runs)| {
                let Runs::Something {
                    image: None,
                    tag: Some(tag),
                    origin: Origin::Outside,
                    ..
                } = runs
                else {
                    return None;
                };
                if state
                    .of(workload)
                    .is_some_and(|stored| stored.success.is_some())
                {
                    return None;
                }
                let seen = observation.resolution(&tag)?;
                let image = seen.current().ok()?.clone()?;
                Some((workload.clone(), Candidate { tag, image }))
            })
            .collect()
    }
}

fn previous(runs: &Runs) -> Option<Previous> {
    match runs {
        Runs::Something { tag, image, .. } => Some(Previous {
            tag: tag.clone(),
            digest: image.as_ref().map(|image| image.digest.clone()),
        }),
        _ => None,
    }
}

/// Lets a deployment give way to its successor: at once if it only waits, otherwise when its driver sees the flag.
fn supersede(world: &World, draft: &mut Draft, old: Option<DeploymentId>, successor: &Deployment) {
    let Some(old) = old.and_then(|id| world.open.get(&id)).cloned() else {
        return;
    };
    let flagged = Deployment {
        superseded_by: Some(successor.id),
        ..old
    };
    if flagged.state.is_active() {
        draft.step.deployments.push(flagged);
        return;
    }
    let at = successor.created_at;
    if let Ok(ended) = flagged.advance(|state| state.supersede(at, Some(successor.id))) {
        draft.tell(EventKind::DeploymentSuperseded {
            subject: ended.subject(),
            by: Some(successor.id),
        });
        draft.step.deployments.push(ended);
    }
}

fn consume_request(state: &mut WatchState, deployment: &Deployment) {
    let now = deployment.created_at;
    let served = state
        .request_for(&deployment.workload, now)
        .map(|request| request.id);
    if served.is_none() {
        state.of_mut(&deployment.workload).last_automatic = Some(now);
        return;
    }
    for request in &mut state.requests {
        // What was asked for before is no longer wanted either.
        request
            .pending
            .retain(|workload| *workload != deployment.workload);
    }
    state.requests.retain(|request| !request.pending.is_empty());
}
