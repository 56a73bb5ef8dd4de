use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Answers;
use crate::app::App;
use crate::app::world::World;
use crate::discovery::{Fault, Plan};
use crate::watch::{DeployerName, Mode, Watch, WatchName};

/// What is to be watched beside the configuration, and what is to be done for it.
#[derive(Default)]
pub(super) struct Change {
    /// What stays as it is.
    pub(super) kept: BTreeMap<WatchName, Arc<Watch>>,
    /// What is new, or other than before.
    pub(super) made: Vec<Arc<Watch>>,
    /// What nobody asks for any more.
    pub(super) gone: BTreeSet<WatchName>,
    /// What is stored, and not known yet whether anybody asks for it.
    pub(super) unsettled: BTreeSet<WatchName>,
}

impl App {
    /// What changes with `plan`. A watch with a fault, or a part of which is not known, is neither made nor retired: what is
    /// watched already goes on and deploys nothing.
    pub(super) fn change(&self, plan: &mut Plan) -> Change {
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
        self.leave(&mut change, &plan.faults, &world, &answers);
        change
    }

    /// Decides on what was watched or is stored, and is not in the plan.
    fn leave(&self, change: &mut Change, faults: &[Fault], world: &World, answers: &Answers) {
        let watched = self.watched();
        for known in watched.discovered() {
            let name = &known.name;
            if change.keeps(name) {
                continue;
            }
            if is_faulty(world, faults, name) {
                change.hold(known);
            } else {
                change.gone.insert(name.clone());
            }
        }
        for name in &answers.unsettled {
            let is_open = self.silent_deployer(world, answers, name).is_some()
                || is_faulty(world, faults, name);
            if is_open {
                change.unsettled.insert(name.clone());
            } else if !change.keeps(name) {
                change.gone.insert(name.clone());
            }
        }
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
}

impl Change {
    /// Whether a watch is to be watched.
    fn keeps(&self, name: &WatchName) -> bool {
        self.kept.contains_key(name) || self.made.iter().any(|made| made.name == *name)
    }

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
