use std::collections::{BTreeMap, BTreeSet};

use crate::discovery::Fault;
use crate::ports::Discovered;
use crate::watch::{DeployerName, WatchName};

/// What deployers said of the workloads that ask to be watched.
#[derive(Debug, Default)]
pub(in crate::app) struct Answers {
    /// What each said last; a deployer that never could be asked is not there.
    pub(super) known: BTreeMap<DeployerName, Vec<Discovered>>,
    /// Why those could not be asked that could not the last time.
    pub(super) unreachable: BTreeMap<DeployerName, String>,
    /// What is wrong with labels.
    pub(super) faults: Vec<Fault>,
    /// What is stored and not configured, and not known yet whether anybody asks for it.
    pub(super) unsettled: BTreeSet<WatchName>,
    /// Whether the store did not take what was to be stored.
    pub(super) is_unstored: bool,
}

impl Answers {
    /// Whether any of `answers` is another one than before. What changes is logged, and not what stays.
    pub(super) fn take(
        &mut self,
        answers: BTreeMap<DeployerName, Result<Vec<Discovered>, String>>,
    ) -> bool {
        let mut is_news = false;
        for (deployer, answer) in answers {
            match answer {
                Ok(found) => {
                    if self.unreachable.remove(&deployer).is_some() {
                        tracing::info!(deployer.name = %deployer, "{deployer} can be asked for workloads again");
                    }
                    if self.known.get(&deployer) != Some(&found) {
                        self.known.insert(deployer, found);
                        is_news = true;
                    }
                }
                Err(problem) => {
                    if self.unreachable.get(&deployer) != Some(&problem) {
                        tracing::warn!(deployer.name = %deployer, "{deployer}: {problem}");
                        self.unreachable.insert(deployer, problem);
                    }
                }
            }
        }
        is_news
    }

    /// Takes what is wrong now, and logs what was not before.
    pub(super) fn tell(&mut self, mut faults: Vec<Fault>) {
        faults.sort();
        for fault in faults.iter().filter(|fault| !self.faults.contains(fault)) {
            tracing::warn!(deployer.name = %fault.workload.deployer, "{fault}");
        }
        self.faults = faults;
    }
}
