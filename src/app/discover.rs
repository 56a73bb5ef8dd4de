mod answers;
mod change;
mod health;
mod known;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use super::start::live;
use super::world::{Live, World};
use super::{App, Wake};
use crate::discovery::{Fault, Plan, Rules, plan};
use crate::image::Repository;
use crate::ports::{Discovered, StoreError};
use crate::watch::{DeployerName, Mode, Unit, Watch, WatchName, Workload};

use change::Change;

pub(super) use answers::Answers;
pub use health::DiscoveryHealth;

/// How workloads are found that ask to be watched by their own labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovery {
    /// Whose workloads are looked for, and how often.
    pub deployers: BTreeMap<DeployerName, Duration>,
    /// What holds whatever their labels say.
    pub rules: Rules,
}

impl App {
    /// The deployers that are to be asked for workloads, and how often.
    pub fn discovering(&self) -> impl Iterator<Item = (&DeployerName, Duration)> {
        let discovery = self.settings.discovery.iter();
        let deployers = discovery.flat_map(|discovery| &discovery.deployers);
        deployers.map(|(name, every)| (name, *every))
    }

    /// Asks a deployer which workloads ask to be watched, as long as it takes.
    pub async fn ask_for_workloads(
        &self,
        deployer: &DeployerName,
    ) -> Result<Vec<Discovered>, String> {
        match self.ports.deployers.get(deployer) {
            Some(deployer) => deployer.discover().await.map_err(|error| error.to_string()),
            None => Err(format!("there is no deployer `{deployer}`")),
        }
    }

    /// Watches what the deployers answered that ask to be watched, and retires what does so no longer. Tells whether anything is
    /// watched otherwise than before. To be called once at a time.
    ///
    /// What was known of a deployer that could not be asked, or is not among them, stays. Where nothing changed it costs no
    /// statement.
    pub async fn discover(
        &self,
        answers: BTreeMap<DeployerName, Result<Vec<Discovered>, String>>,
    ) -> bool {
        let is_news = self.answers().take(answers);
        if !is_news && !self.is_unfinished() {
            return false;
        }
        let mut plan = self.plan();
        let change = self.change(&mut plan);
        let new_faults = self.answers().blame(plan.faults);
        for fault in new_faults {
            tracing::warn!(deployer.name = %fault.workload.deployer, "{fault}");
        }
        self.carry_out(change).await
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        let answers = self.discovered.lock();
        answers.unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether something is to be done although nothing new was answered: the store failed, or another replica has retired
    /// what is still asked for.
    fn is_unfinished(&self) -> bool {
        let watched = self.watched();
        let is_unstored = self.answers().is_unstored;
        let mut discovered = watched.discovered();
        is_unstored || discovered.any(|watch| self.was_retired_elsewhere(&watch.name))
    }

    /// Whether another replica has found that nobody asks for a watch any more. Nothing is deployed until this one looked too.
    pub(super) fn was_retired_elsewhere(&self, name: &WatchName) -> bool {
        let is_retired = |world: &World| world.states.get(name).is_some_and(|state| state.retired);
        self.watched().is_discovered(name) && is_retired(&self.world())
    }

    /// Whether a deployer that is asked for workloads may have labels for a watch, by the workloads that are stored of it.
    pub(super) fn may_be_discovered(&self, world: &World, name: &WatchName) -> bool {
        let Some(discovery) = &self.settings.discovery else {
            return false;
        };
        let mut workloads = world.workloads_of(name);
        workloads.any(|workload| discovery.deployers.contains_key(&workload.deployer))
    }

    /// Leaves watches as they are stored until it is known whether somebody asks for them.
    pub(super) fn leave_unsettled(&self, names: Vec<WatchName>) {
        self.answers().unsettled = names.into_iter().collect();
    }

    /// What is to be watched by all that is known, but for what the configuration names.
    fn plan(&self) -> Plan {
        let Some(discovery) = &self.settings.discovery else {
            return Plan::default();
        };
        let watched = self.watched();
        let taken = self.world().configured_units(&watched);
        let answers = self.answers();
        let (mut found, mut strange) = (Vec::new(), Vec::new());
        for one in answers.known.values().flatten() {
            match self.unit_of(&one.workload) {
                Ok(unit) if is_taken(&taken, &unit, &one.workload) => {}
                Ok(_) => found.push(one),
                Err(problem) => strange.push(Fault {
                    workload: one.workload.clone(),
                    watch: None,
                    problem,
                }),
            }
        }
        let mut plan = plan(found, &discovery.rules, |name| watched.is_configured(name));
        plan.faults.extend(strange);
        plan
    }

    fn unit_of(&self, workload: &Workload) -> Result<Unit, String> {
        let name = &workload.deployer;
        let deployer = self.ports.deployers.get(name);
        let deployer = deployer.ok_or_else(|| format!("there is no deployer `{name}`"))?;
        deployer.unit(workload).map_err(|error| error.to_string())
    }

    /// Stores what is new and what is gone, and watches accordingly. What the store does not take is tried again.
    async fn carry_out(&self, change: Change) -> bool {
        let Change {
            kept: mut watches,
            made,
            gone,
            mut unsettled,
        } = change;
        let before = self.watched();
        let mut is_unstored = false;
        let mut fresh = Vec::new();
        for watch in made {
            match self.take_up(&watch).await {
                Ok(live) => {
                    watches.insert(watch.name.clone(), watch);
                    fresh.push(live);
                }
                Err(error) => {
                    tracing::warn!(watch.name = %watch.name, "cannot watch {} yet: {error}", watch.name);
                    is_unstored = true;
                    let known = before.get(&watch.name).cloned();
                    watches.extend(known.map(|known| (known.name.clone(), known)));
                }
            }
        }
        let fresh = self.watch_beside(watches, fresh);
        for name in gone {
            match self.retire(&name).await {
                Ok(()) => tracing::info!(watch.name = %name, "nothing asks for {name} any more"),
                Err(error) => {
                    tracing::warn!(watch.name = %name, "cannot retire {name} yet: {error}");
                    is_unstored = true;
                    unsettled.insert(name);
                }
            }
        }
        let is_other = !self.watched().is_same(&before);
        if is_other {
            self.wake(Wake::Repositories);
        }
        for repository in fresh {
            self.wake(Wake::Repository(repository));
        }
        let mut answers = self.answers();
        (answers.unsettled, answers.is_unstored) = (unsettled, is_unstored);
        is_other
    }

    /// Stores a watch that was found, or found to be another one than before.
    async fn take_up(&self, watch: &Arc<Watch>) -> Result<Live, StoreError> {
        let live = live(&self.ports, watch).map_err(|error| StoreError::Unavailable {
            problem: error.to_string(),
            source: None,
        })?;
        {
            let mut world = self.world();
            if !world.states.contains_key(&watch.name) {
                let first = world.first_state(watch);
                world.states.insert(watch.name.clone(), first);
            }
        }
        self.enrol(watch).await?;
        let observing = match watch.mode {
            Mode::Deploy => "",
            Mode::Observe => ", deploying nothing",
        };
        tracing::info!(
            watch.name = %watch.name, image.repository = %watch.repository(),
            "labels ask to watch {} as {}: {}{observing}", watch.repository(), watch.name, watch.policy
        );
        Ok(live)
    }

    /// Watches these beside the configuration from now on, and gives the repositories of the `fresh` ones.
    fn watch_beside(
        &self,
        watches: BTreeMap<WatchName, Arc<Watch>>,
        fresh: Vec<Live>,
    ) -> BTreeSet<Repository> {
        let mut world = self.world();
        let next = self.watched().with_discovered(watches);
        let repositories = fresh.iter().map(|live| live.watch.repository().clone());
        let repositories = repositories.collect();
        world.follow(&next, fresh);
        *self.watched.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        repositories
    }
}

/// Whether the configuration names a workload, be it with fewer or more parts of its address.
fn is_taken(taken: &BTreeMap<Unit, Vec<Workload>>, unit: &Unit, found: &Workload) -> bool {
    let agrees = |named: &Workload| {
        let mut parts = named.address.iter();
        parts.all(|(part, value)| found.address.get(part).is_none_or(|found| found == value))
    };
    taken
        .get(unit)
        .is_some_and(|named| named.iter().any(agrees))
}
