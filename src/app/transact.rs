use chrono::{DateTime, Utc};

use super::world::World;
use super::{App, Wake};
use crate::event::{EventKind, NewEvent};
use crate::ports::{RestraintChange, Scope, Step, StoreError, WatchState};
use crate::watch::WatchName;

/// Whether a change that the store did not take is tried again without anybody asking for it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Retry {
    ByItself,
    IfAsked,
}

/// How often a step is decided anew because somebody else was faster.
const ATTEMPTS: u32 = 5;

/// A change of one watch, while it is being put together.
pub(super) struct Draft {
    pub(super) step: Step,
    watch: WatchState,
    at: DateTime<Utc>,
}

impl Draft {
    /// Notes that something happened.
    pub(super) fn tell(&mut self, kind: EventKind) {
        self.step.events.push(NewEvent { at: self.at, kind });
    }

    /// The watch as it is drafted so far.
    pub(super) fn state(&self) -> &WatchState {
        &self.watch
    }

    /// The watch as it shall be, to be changed.
    pub(super) fn watch(&mut self) -> &mut WatchState {
        &mut self.watch
    }

    /// When it is put together.
    pub(super) fn at(&self) -> DateTime<Utc> {
        self.at
    }

    pub(super) fn restrain(&mut self, change: RestraintChange) {
        self.step.restraints.push(change);
    }
}

impl App {
    /// Changes one watch in one transaction, as the one who attends to it.
    ///
    /// `plan` sees the world and drafts the change, or gives `None` if there is nothing to change after all. It is called
    /// again, on what is stored by then, if somebody else was faster.
    pub(super) async fn transact<T, E: From<StoreError>>(
        &self,
        name: &WatchName,
        plan: impl Fn(&World, &mut Draft) -> Result<Option<T>, E>,
    ) -> Result<Option<T>, E> {
        let lease = self.replica();
        let draft = |world: &World| {
            let drafted = self.draft(world, name, &plan)?;
            Ok(drafted.map(|(step, outcome)| (Step { lease, ..step }, outcome)))
        };
        self.commit(Some(name), Retry::ByItself, draft).await
    }

    /// Changes one watch in one transaction, whoever attends to it; such a change starts no deployment.
    pub(super) async fn transact_for_anyone<T, E: From<StoreError>>(
        &self,
        name: &WatchName,
        plan: impl Fn(&World, &mut Draft) -> Result<Option<T>, E>,
    ) -> Result<Option<T>, E> {
        self.commit(Some(name), Retry::IfAsked, |world| {
            self.draft(world, name, &plan)
        })
        .await
    }

    /// Changes what concerns all watches.
    pub(super) async fn transact_for_all(
        &self,
        plan: impl Fn(&World) -> Option<(RestraintChange, EventKind)>,
    ) -> Result<(), StoreError> {
        let draft = |world: &World| {
            let at = self.ports.clock.now();
            let planned = plan(world).map(|(change, kind)| {
                let step = Step {
                    restraints_revision: Some(world.restraints.revision),
                    restraints: vec![change],
                    events: vec![NewEvent { at, kind }],
                    ..Step::default()
                };
                (step, ())
            });
            Ok::<_, StoreError>(planned)
        };
        let committed = self.commit(None, Retry::IfAsked, draft).await;
        committed.map(|_| ())
    }

    /// Stores that something happened which changed nothing else that is stored with events.
    pub(super) async fn tell_all(&self, kind: EventKind) -> Result<(), StoreError> {
        let draft = |_: &World| {
            let at = self.ports.clock.now();
            let kind = kind.clone();
            let step = Step {
                events: vec![NewEvent { at, kind }],
                ..Step::default()
            };
            Ok::<_, StoreError>(Some((step, ())))
        };
        let committed = self.commit(None, Retry::IfAsked, draft).await;
        committed.map(|_| ())
    }

    async fn commit<T, E: From<StoreError>>(
        &self,
        name: Option<&WatchName>,
        retry: Retry,
        draft: impl Fn(&World) -> Result<Option<(Step, T)>, E>,
    ) -> Result<Option<T>, E> {
        let mut attempt = 1;
        loop {
            self.freshen_for(name).await?;
            let Some((step, outcome)) = draft(&self.world())? else {
                return Ok(None);
            };
            match self.ports.store.commit(step.clone()).await {
                Ok(committed) => {
                    let mut world = self.world();
                    world.apply(step, &committed);
                    world.unstored = None;
                    if self.leases.is_some() {
                        world
                            .own_events
                            .extend(committed.events.iter().map(|event| event.id));
                    }
                    drop(world);
                    if !committed.events.is_empty() {
                        self.wake(Wake::Events);
                    }
                    return Ok(Some(outcome));
                }
                Err(error) => {
                    // Whatever it was, only the store knows now what is stored.
                    self.world().distrust(name);
                    if let (Retry::ByItself, StoreError::Unavailable { problem, .. }) =
                        (retry, &error)
                    {
                        self.world().unstored = Some(problem.clone());
                    }
                    if let StoreError::LeaseLost { watch } = &error {
                        self.lose(watch);
                    }
                    let lost_race = matches!(error, StoreError::Conflict { .. });
                    if !lost_race || attempt == ATTEMPTS {
                        return Err(error.into());
                    }
                    attempt += 1;
                }
            }
        }
    }

    fn draft<T, E>(
        &self,
        world: &World,
        name: &WatchName,
        plan: &impl Fn(&World, &mut Draft) -> Result<Option<T>, E>,
    ) -> Result<Option<(Step, T)>, E> {
        let Some(state) = world.states.get(name) else {
            return Ok(None);
        };
        let mut draft = Draft {
            step: Step {
                restraints_revision: Some(world.restraints.revision),
                ..Step::default()
            },
            watch: state.clone(),
            at: self.ports.clock.now(),
        };
        let outcome = plan(world, &mut draft)?;
        Ok(outcome.map(|outcome| {
            let watch = Some(draft.watch);
            (
                Step {
                    watch,
                    ..draft.step
                },
                outcome,
            )
        }))
    }

    /// Reads what is stored of a watch again, if the copy may be old.
    pub(super) async fn freshen(&self, name: &WatchName) -> Result<(), StoreError> {
        self.freshen_for(Some(name)).await
    }

    /// Reads again what a change needs, if the copy may be old: of one watch, or only of what concerns all.
    pub(super) async fn freshen_for(&self, name: Option<&WatchName>) -> Result<(), StoreError> {
        let scope = {
            let world = self.world();
            match name {
                Some(name) if world.stale.contains(name) => Scope::Watch(name.clone()),
                _ if world.shared_is_stale => Scope::Shared,
                _ => return Ok(()),
            }
        };
        let snapshot = self.ports.store.load(&scope).await?;
        let (news, ended) = self.world().refresh(&scope, snapshot);
        for id in news {
            self.wake(Wake::Deployment(id));
        }
        for deployment in ended {
            self.stop_driving(&deployment).await;
        }
        self.wake(Wake::Events);
        Ok(())
    }
}
