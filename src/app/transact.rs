use super::world::World;
use super::{App, Wake};
use crate::event::{EventKind, NewEvent};
use crate::ports::{Step, StoreError, WatchState};
use crate::watch::WatchName;

/// How often a step is decided anew because somebody else was faster.
const ATTEMPTS: u32 = 5;

/// A change of one watch, while it is being put together.
pub(super) struct Draft {
    pub(super) step: Step,
    at: chrono::DateTime<chrono::Utc>,
}

impl Draft {
    /// Notes that something happened.
    pub(super) fn tell(&mut self, kind: EventKind) {
        self.step.events.push(NewEvent { at: self.at, kind });
    }

    /// The watch as it shall be.
    pub(super) fn watch(&mut self) -> &mut WatchState {
        &mut self.step.watch
    }
}

impl App {
    /// Changes one watch in one transaction.
    ///
    /// `plan` sees the world and drafts the change, or gives `None` if there is nothing to change after all. It is called
    /// again, on what is stored by then, if somebody else was faster.
    pub(super) async fn transact<T, E: From<StoreError>>(
        &self,
        name: &WatchName,
        plan: impl Fn(&World, &mut Draft) -> Result<Option<T>, E>,
    ) -> Result<Option<T>, E> {
        let mut attempt = 1;
        loop {
            self.freshen(name).await?;
            let Some((step, outcome)) = self.draft(name, &plan)? else {
                return Ok(None);
            };
            match self.ports.store.commit(step.clone()).await {
                Ok(committed) => {
                    self.world().apply(step, &committed);
                    if !committed.events.is_empty() {
                        self.wake(Wake::Events);
                    }
                    return Ok(Some(outcome));
                }
                Err(error) => {
                    // Whatever it was, only the store knows now what is stored.
                    self.world().stale.insert(name.clone());
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
        name: &WatchName,
        plan: &impl Fn(&World, &mut Draft) -> Result<Option<T>, E>,
    ) -> Result<Option<(Step, T)>, E> {
        let world = self.world();
        let Some(state) = world.states.get(name) else {
            return Ok(None);
        };
        let mut draft = Draft {
            step: Step {
                watch: state.clone(),
                deployments: Vec::new(),
                quarantine_revision: Some(world.quarantine.revision),
                quarantine: Vec::new(),
                events: Vec::new(),
            },
            at: self.ports.clock.now(),
        };
        Ok(plan(&world, &mut draft)?.map(|outcome| (draft.step, outcome)))
    }

    /// Reads what is stored of a watch again, if the copy may be old.
    pub(super) async fn freshen(&self, name: &WatchName) -> Result<(), StoreError> {
        if !self.world().stale.contains(name) {
            return Ok(());
        }
        let snapshot = self.ports.store.load(Some(name)).await?;
        let news = self.world().refresh(name, snapshot);
        for id in news {
            self.wake(Wake::Deployment(id));
        }
        self.wake(Wake::Events);
        Ok(())
    }
}
