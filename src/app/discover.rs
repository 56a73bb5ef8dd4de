mod answers;
mod health;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use super::start::live;
use super::watched::Watched;
use super::world::{Followed, Live, World};
use super::{App, Wake};
use crate::discovery::{Fault, Plan, Rules, plan};
use crate::image::Repository;
use crate::ports::{Discovered, StoreError};
use crate::watch::{DeployerName, Mode, Unit, Watch, WatchName, Workload};

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

/// What is to be watched beside the configuration, and what is to be done for it.
#[derive(Default)]
struct Change {
    /// What stays as it is.
    kept: BTreeMap<WatchName, Arc<Watch>>,
    /// What is new, or other than before.
    made: Vec<Arc<Watch>>,
    /// What nobody asks for any more.
    gone: BTreeSet<WatchName>,
    /// What is stored, and not known yet whether anybody asks for it.
    unsettled: BTreeSet<WatchName>,
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
        self.answers().tell(plan.faults);
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

    /// What changes with `plan`. A watch with a fault, or a part of which is not known, is neither made nor retired: what is
    /// watched already goes on and deploys nothing.
    fn change(&self, plan: &mut Plan) -> Change {
        let watched = self.watched();
        let world = self.world();
        let answers = self.answers();
        let mut change = Change::default();
        let mut silent = Vec::new();
        for (name, watch) in std::mem::take(&mut plan.watches) {
            if let Some(deployer) = self.silent_deployer(&world, &answers, &name) {
                silent.push(Fault {
                    workload: watch.workloads[0].clone(),
                    watch: Some(name.clone()),
                    problem: format!(
                        "its watch `{name}` has workloads of `{deployer}` too, which could not be asked yet"
                    ),
                });
            } else if !is_faulty(&world, &plan.faults, &name) {
                match watched.get(&name).filter(|known| ***known == watch) {
                    Some(known) if world.is_enrolled(&name) => {
                        change.kept.insert(name, Arc::clone(known));
                    }
                    Some(known) => change.made.push(Arc::clone(known)),
                    None => change.made.push(Arc::new(watch)),
                }
            }
        }
        plan.faults.extend(silent);
        let is_planned = |name: &WatchName, change: &Change| {
            change.kept.contains_key(name) || change.made.iter().any(|made| made.name == *name)
        };
        for known in watched.discovered() {
            let name = &known.name;
            if is_planned(name, &change) {
                continue;
            }
            if is_faulty(&world, &plan.faults, name) {
                change.hold(known);
            } else {
                change.gone.insert(name.clone());
            }
        }
        for name in &answers.unsettled {
            let is_open = self.silent_deployer(&world, &answers, name).is_some()
                || is_faulty(&world, &plan.faults, name);
            if is_open {
                change.unsettled.insert(name.clone());
            } else if !is_planned(name, &change) {
                change.gone.insert(name.clone());
            }
        }
        change
    }

    /// A deployer with workloads of a watch, by what is stored, that has not said yet whether they still ask for it.
    fn silent_deployer(
        &self,
        world: &World,
        answers: &Answers,
        name: &WatchName,
    ) -> Option<DeployerName> {
        let discovery = self.settings.discovery.as_ref()?;
        let deployers = world.workloads_of(name).map(|workload| &workload.deployer);
        let mut silent = deployers.filter(|deployer| {
            discovery.deployers.contains_key(deployer) && !answers.known.contains_key(deployer)
        });
        silent.next().cloned()
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

impl Change {
    /// Goes on watching what cannot be understood any more, without deploying.
    fn hold(&mut self, known: &Arc<Watch>) {
        if known.mode == Mode::Observe {
            self.kept.insert(known.name.clone(), Arc::clone(known));
        } else {
            self.made.push(Arc::new(Watch {
                mode: Mode::Observe,
                ..Watch::clone(known)
            }));
        }
    }
}

/// Whether the labels of any workload of a watch, by what is stored of it or by what they say, are not in order.
fn is_faulty(world: &World, faults: &[Fault], name: &WatchName) -> bool {
    let is_of_it = |fault: &Fault| {
        fault.watch.as_ref() == Some(name)
            || world
                .workloads_of(name)
                .any(|workload| *workload == fault.workload)
    };
    faults.iter().any(is_of_it)
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

impl World {
    /// The workloads that are stored of a watch.
    fn workloads_of(&self, name: &WatchName) -> impl Iterator<Item = &Workload> {
        let stored = self.states.get(name).into_iter();
        stored
            .flat_map(|state| &state.workloads)
            .map(|stored| &stored.workload)
    }

    fn is_enrolled(&self, name: &WatchName) -> bool {
        let state = self.states.get(name);
        state.is_some_and(|state| state.version > 0 && !state.retired)
    }

    /// The workloads that the configuration names.
    fn configured_units(&self, watched: &Watched) -> BTreeMap<Unit, Vec<Workload>> {
        let mut units: BTreeMap<Unit, Vec<Workload>> = BTreeMap::new();
        for watch in watched
            .iter()
            .filter(|watch| watched.is_configured(&watch.name))
        {
            for (workload, live) in watch.workloads.iter().zip(self.live_workloads(watch)) {
                let named = units.entry(live.unit.clone()).or_default();
                named.push(workload.clone());
            }
        }
        units
    }

    /// Makes room for what will be known of the `fresh` ones, and forgets what is not `next`.
    fn follow(&mut self, next: &Watched, fresh: Vec<Live>) {
        for mut live in fresh {
            if let Some(before) = self.live.remove(&live.watch.name) {
                live.take_over(before);
            }
            self.live.insert(live.watch.name.clone(), live);
        }
        self.live.retain(|name, _| next.get(name).is_some());
        self.repositories
            .retain(|repository, _| !next.of(repository).is_empty());
        for (repository, _) in next.repositories() {
            if !self.repositories.contains_key(repository) {
                let followed = Followed::default();
                self.repositories.insert(repository.clone(), followed);
            }
        }
    }
}

impl Live {
    /// Keeps what is known of the workloads that it has in common with the watch `before`.
    fn take_over(&mut self, before: Self) {
        let mut known: BTreeMap<&Workload, _> = before
            .watch
            .workloads
            .iter()
            .zip(before.workloads)
            .collect();
        for (workload, live) in self.watch.workloads.iter().zip(&mut self.workloads) {
            if let Some(known) = known.remove(workload) {
                *live = known;
            }
        }
    }
}
