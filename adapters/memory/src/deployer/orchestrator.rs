mod jobs;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use registrywatcher::deployment::{DeploymentId, Failure, Running};
use registrywatcher::image::{ImageReference, Tag};
use registrywatcher::ports::{Apply, Capabilities, Progress};
use registrywatcher::watch::Workload;

/// What the orchestrator knows, and the switches that a test sets.
#[derive(Debug)]
pub(super) struct Orchestrator {
    pub(super) capabilities: Capabilities,
    pub(super) reception: Reception,
    pub(super) loses_next_answer: bool,
    pub(super) holds: bool,
    pub(super) held_tags: BTreeSet<Tag>,
    pub(super) canaried_tags: BTreeSet<Tag>,
    pub(super) bad_tags: BTreeSet<Tag>,
    pub(super) refusals: VecDeque<String>,
    /// What somebody else deploys while we apply, one each, by job.
    pub(super) meanwhile: VecDeque<(String, ImageReference)>,
    /// How the next rollouts end, one each.
    pub(super) failures: VecDeque<Progress>,
    pub(super) let_go_of: Vec<DeploymentId>,
    jobs: BTreeMap<String, Job>,
    /// Every rollout that was accepted, the oldest first.
    attempts: Vec<Attempt>,
}

/// How it answers us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reception {
    /// As an orchestrator should.
    Open,
    /// Not at all.
    Down,
    /// By refusing our credentials.
    Refused,
}

#[derive(Debug)]
struct Job {
    runs: Option<Running>,
    generation: u64,
    count: u32,
    labels: BTreeMap<String, String>,
    /// As it is discovered.
    workload: Option<Workload>,
}

#[derive(Debug)]
struct Attempt {
    job: String,
    apply: Apply,
    progress: Progress,
    /// The failure that a switch laid upon it when it was accepted.
    fate: Option<Progress>,
    is_promoted: bool,
}

impl Attempt {
    fn is_under_way(&self) -> bool {
        matches!(
            self.progress,
            Progress::Rolling { .. } | Progress::AwaitingPromotion
        )
    }
}

impl Default for Orchestrator {
    fn default() -> Self {
        Self {
            capabilities: Capabilities {
                reverts_itself: false,
                canaries: true,
                pins_digest: true,
                sees_running: true,
                carries_mark: true,
                discovers: false,
            },
            reception: Reception::Open,
            loses_next_answer: false,
            holds: false,
            held_tags: BTreeSet::new(),
            canaried_tags: BTreeSet::new(),
            bad_tags: BTreeSet::new(),
            refusals: VecDeque::new(),
            meanwhile: VecDeque::new(),
            failures: VecDeque::new(),
            let_go_of: Vec::new(),
            jobs: BTreeMap::new(),
            attempts: Vec::new(),
        }
    }
}

impl Orchestrator {
    pub(super) fn has(&self, job: &str) -> bool {
        self.jobs.contains_key(job)
    }

    pub(super) fn knows(&self, id: DeploymentId) -> bool {
        self.attempts.iter().any(|attempt| attempt.apply.id == id)
    }

    pub(super) fn runs(&self, job: &str) -> Option<&Running> {
        self.jobs.get(job)?.runs.as_ref()
    }

    pub(super) fn generation(&self, job: &str) -> u64 {
        self.jobs.get(job).map_or(0, |job| job.generation)
    }

    pub(super) fn applied(&self) -> Vec<DeploymentId> {
        self.attempts
            .iter()
            .map(|attempt| attempt.apply.id)
            .collect()
    }

    /// What `job` runs, as far as the capabilities let it be seen.
    pub(super) fn running(&self, job: &str) -> Option<Running> {
        let running = self
            .runs(job)
            .filter(|_| self.capabilities.sees_running)?
            .clone();
        if self.capabilities.carries_mark {
            return Some(running);
        }
        Some(Running {
            tag: None,
            mark: None,
            ..running
        })
    }

    /// Accepts a rollout, in place of one of the same job that is still under way.
    pub(super) fn start(&mut self, job: &str, apply: Apply) {
        self.supersede(job);
        let progress = Progress::Rolling {
            detail: "waiting to become healthy".to_owned(),
        };
        let fate = self.failures.pop_front();
        self.attempts.push(Attempt {
            job: job.to_owned(),
            apply,
            progress,
            fate,
            is_promoted: false,
        });
    }

    /// Decides the rollout, if nothing holds it, and tells how far it is; `None` if it is unknown.
    pub(super) fn decide(&mut self, id: DeploymentId) -> Option<Progress> {
        let index = self
            .attempts
            .iter()
            .position(|attempt| attempt.apply.id == id)?;
        let attempt = &self.attempts[index];
        let tag = &attempt.apply.candidate.tag;
        let is_rolling = matches!(attempt.progress, Progress::Rolling { .. });
        if is_rolling && !self.holds && !self.held_tags.contains(tag) {
            let stays_at_canaries = self.capabilities.canaries && self.canaried_tags.contains(tag);
            let ending = match &attempt.fate {
                Some(fate) => fate.clone(),
                None if stays_at_canaries && !attempt.is_promoted => Progress::AwaitingPromotion,
                None => self.ending_of(tag),
            };
            self.settle(index, ending);
        }
        Some(self.attempts[index].progress.clone())
    }

    /// Lets a rollout go on that waits at its canaries; `false` if it does not, and was not promoted before.
    pub(super) fn promote(&mut self, id: DeploymentId) -> bool {
        let mut attempts = self.attempts.iter_mut();
        let Some(attempt) = attempts.find(|attempt| attempt.apply.id == id) else {
            return false;
        };
        if attempt.progress == Progress::AwaitingPromotion {
            attempt.is_promoted = true;
            attempt.progress = Progress::Rolling {
                detail: "promoted".to_owned(),
            };
        }
        attempt.is_promoted
    }

    pub(super) fn finish(&mut self, job: &str, progress: Progress) {
        let is_it = |attempt: &Attempt| attempt.job == job && attempt.is_under_way();
        let Some(index) = self.attempts.iter().position(is_it) else {
            panic!("no rollout of `{job}` is under way");
        };
        self.settle(index, progress);
    }

    pub(super) fn settle_if_under_way(&mut self, id: DeploymentId, progress: Progress) {
        let is_it = |attempt: &Attempt| attempt.apply.id == id && attempt.is_under_way();
        if let Some(index) = self.attempts.iter().position(is_it) {
            self.settle(index, progress);
        }
    }

    fn ending_of(&self, tag: &Tag) -> Progress {
        if !self.bad_tags.contains(tag) {
            return Progress::Succeeded;
        }
        Progress::Failed {
            reason: Failure::Image {
                message: format!("{tag} is unhealthy"),
            },
            restored: self.capabilities.reverts_itself,
        }
    }

    fn settle(&mut self, index: usize, progress: Progress) {
        let attempt = &mut self.attempts[index];
        attempt.progress = progress;
        let Some(job) = self.jobs.get_mut(&attempt.job) else {
            return;
        };
        let apply = &attempt.apply;
        let target = if self.capabilities.pins_digest {
            apply.pinned()
        } else {
            apply.source.at_tag(apply.candidate.tag.clone())
        };
        let ran_it = job
            .runs
            .as_ref()
            .is_some_and(|running| running.image == target);
        let stays = match attempt.progress {
            Progress::Succeeded => true,
            Progress::Failed { restored, .. } => !restored,
            _ => return,
        };
        if apply.forced || !ran_it {
            job.generation += 1;
        }
        if stays {
            let tag = Some(apply.candidate.tag.clone());
            job.runs = Some(Running {
                image: target,
                tag,
                platform: None,
                mark: Some(apply.id),
            });
        }
    }

    /// What is rolled out as one, its groups included, is rolled out anew.
    fn supersede(&mut self, job: &str) {
        for attempt in &mut self.attempts {
            if unit_of(&attempt.job) == unit_of(job) && attempt.is_under_way() {
                attempt.progress = Progress::Superseded;
            }
        }
    }
}

fn unit_of(job: &str) -> &str {
    job.split('/').next().unwrap_or(job)
}
