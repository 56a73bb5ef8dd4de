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
                    if self.miss(&deployer, &problem) {
                        tracing::warn!(deployer.name = %deployer, "{deployer}: {problem}");
                    }
                }
            }
        }
        is_news
    }

    /// Takes that a deployer could not be asked, and whether that is news.
    fn miss(&mut self, deployer: &DeployerName, problem: &str) -> bool {
        let before = self
            .unreachable
            .insert(deployer.clone(), problem.to_owned());
        before.as_deref() != Some(problem)
    }

    /// Takes what is wrong with labels now, and gives what was not before.
    #[must_use]
    pub(super) fn blame(&mut self, mut faults: Vec<Fault>) -> Vec<Fault> {
        faults.sort();
        let before = std::mem::replace(&mut self.faults, faults);
        let new = self.faults.iter().filter(|fault| !before.contains(fault));
        new.cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::Workload;

    fn fault(job: &str, problem: &str) -> Fault {
        Fault {
            workload: Workload {
                deployer: "nomad".parse().unwrap(),
                address: [("job", job)].into(),
            },
            watch: None,
            problem: problem.to_owned(),
        }
    }

    #[test]
    fn a_fault_of_labels_is_news_once() {
        let mut answers = Answers::default();
        let (web, api) = (fault("web", "no policy"), fault("api", "no policy"));
        let other = fault("web", "no image");
        let mut news = |faults: &[&Fault]| {
            let new = answers.blame(faults.iter().copied().cloned().collect());
            new.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(news(&[&web]), ["`nomad:job=web`: no policy"]);
        assert_eq!(news(&[&web]), [""; 0]);
        assert_eq!(news(&[&web, &api]), ["`nomad:job=api`: no policy"]);
        assert_eq!(news(&[&api, &other]), ["`nomad:job=web`: no image"]);
        assert_eq!(news(&[&api, &web]), ["`nomad:job=web`: no policy"], "again");
        assert_eq!(answers.faults.len(), 2);
    }

    #[test]
    fn that_a_deployer_cannot_be_asked_is_news_once_until_it_can_or_says_something_else() {
        let mut answers = Answers::default();
        let nomad: DeployerName = "nomad".parse().unwrap();
        assert!(answers.miss(&nomad, "nobody answers"));
        assert!(!answers.miss(&nomad, "nobody answers"));
        assert!(answers.miss(&nomad, "forbidden"));
        assert!(answers.take([(nomad.clone(), Ok(Vec::new()))].into()));
        assert!(answers.miss(&nomad, "forbidden"));
        let same = [(nomad.clone(), Ok(Vec::new()))];
        assert!(!answers.take(same.into()), "it is as it was known");
        assert!(answers.unreachable.is_empty());
    }
}
