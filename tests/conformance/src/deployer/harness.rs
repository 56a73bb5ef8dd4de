use std::sync::Arc;

use async_trait::async_trait;
use registrywatcher::deployment::{DeploymentId, Failure};
use registrywatcher::image::ImageReference;
use registrywatcher::intent::Candidate;
use registrywatcher::ports::{Apply, Deployer, Progress, Rollout};
use registrywatcher::watch::Workload;
use uuid::Uuid;

use crate::samples;

/// When somebody else does something to the workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// At once.
    Now,
    /// Between our next read of the workload and the write that follows it.
    BeforeNextWrite,
}

/// A fresh orchestrator, and the moves from outside.
///
/// How a rollout goes depends on its image alone, so that the suite runs over doubles and real orchestrators alike.
#[async_trait]
pub trait DeployerHarness: Send + Sync {
    /// A new instance of the adapter on the orchestrator; a second one is as after a restart of ours.
    fn open(&self) -> Arc<dyn Deployer>;

    /// A workload that was never deployed by us and runs [`before`](Self::before).
    fn workload(&self) -> Workload;

    /// What that workload runs: an image by tag, from the repository of every image below.
    fn before(&self) -> ImageReference;

    /// A workload of another unit that runs no image; `None` where there can be none.
    fn idle(&self) -> Option<Workload> {
        None
    }

    /// An address that the orchestrator does not know; `None` where it knows every address.
    fn unknown(&self) -> Option<Workload> {
        None
    }

    /// An address that the adapter cannot read.
    fn malformed(&self) -> Workload;

    /// An image that becomes healthy.
    fn healthy(&self) -> Candidate {
        candidate("v2", 2)
    }

    /// An image that starts and fails.
    fn broken(&self) -> Candidate {
        candidate("v3", 3)
    }

    /// An image whose rollout stays undecided for longer than one `follow`; `None` where there can be none.
    fn stuck(&self) -> Option<Candidate> {
        Some(candidate("v4", 4))
    }

    /// Lets rollouts of [`healthy`](Self::healthy) wait at their canaries from now on, or says `false` where there are none.
    async fn use_canaries(&self) -> bool {
        false
    }

    /// Lets the orchestrator bring back what ran before when a rollout fails from now on, or says `false` where it never does.
    async fn use_reverts(&self) -> bool {
        false
    }

    /// How often the orchestrator has replaced the workload so far.
    async fn replacements(&self) -> usize;

    /// What the workload is to run in truth, seen past the adapter; `None` where that cannot be seen.
    async fn runs(&self) -> Option<ImageReference> {
        None
    }

    /// Lets somebody else change something of the workload beside its image, or says `false` where nobody can do so then.
    async fn edit(&self, _when: Moment) -> bool {
        false
    }

    /// Whether the workload still is as [`edit`](Self::edit) left it.
    async fn keeps_edit(&self) -> bool {
        false
    }

    /// Lets somebody else deploy an image that is none of the suite's, or says `false` where nobody can do so then.
    async fn deploy_outside(&self, _when: Moment) -> bool {
        false
    }

    /// Adds a workload with these labels that runs [`before`](Self::before), and gives its address as a person would write it;
    /// `None` where workloads carry no labels that can be found.
    async fn label(&self, _labels: &[(&str, &str)]) -> Option<Workload> {
        None
    }

    /// What the adapter was given in confidence, and must tell nobody.
    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    /// Lets the orchestrator refuse from now on what adapters present to it that are opened later, or says `false` where
    /// nothing is presented.
    async fn refuse_credentials(&self) -> bool {
        false
    }

    /// Deployment number 1 of an image that the registry does not give for the credentials it is asked with; `None` where
    /// nobody pulls.
    async fn locked(&self) -> Option<Apply> {
        None
    }

    /// Takes the orchestrator down, or says `false` where nothing can be down.
    async fn break_down(&self) -> bool;
}

/// A tag, and an image of which only the digest is known.
fn candidate(tag: &str, digest: u8) -> Candidate {
    Candidate {
        tag: samples::tag(tag),
        image: samples::image(digest),
    }
}

/// What is asked of the deployer to bring the harness's workload to `candidate`, as deployment number `id`.
pub fn apply(harness: &impl DeployerHarness, id: u128, candidate: Candidate) -> Apply {
    Apply {
        id: DeploymentId(Uuid::from_u128(id)),
        workload: harness.workload(),
        source: harness
            .before()
            .spelling()
            .parse()
            .expect("a spelling reads back"),
        candidate,
        forced: false,
        previous: None,
    }
}

/// Applies and follows to the end.
pub async fn roll_out(deployer: &dyn Deployer, apply: Apply) -> Progress {
    let accepted = deployer
        .apply(&apply)
        .await
        .expect("the orchestrator accepts the rollout");
    follow_to_end(
        deployer,
        &Rollout {
            apply,
            handle: accepted.handle,
        },
    )
    .await
}

/// How often a rollout is followed before the suite gives up.
pub(super) const MOST_FOLLOWS: usize = 100;

/// Follows a rollout until it is decided.
///
/// # Panics
///
/// If it waits for a promotion, or is still undecided after a bounded number of follows.
pub async fn follow_to_end(deployer: &dyn Deployer, rollout: &Rollout) -> Progress {
    for _ in 0..MOST_FOLLOWS {
        match deployer
            .follow(rollout)
            .await
            .expect("the rollout can be followed")
        {
            Progress::Rolling { .. } => {}
            Progress::AwaitingPromotion => panic!("a workload of this suite has no canaries"),
            decided => return decided,
        }
    }
    panic!("still undecided after {MOST_FOLLOWS} follows")
}

/// Whether a rollout failed by fault of its image, and what ran before runs again; `None` if it did not fail so.
pub(super) fn image_failure(progress: &Progress) -> Option<bool> {
    match progress {
        Progress::Failed {
            reason: Failure::Image { .. },
            restored,
        } => Some(*restored),
        _ => None,
    }
}
