//! Rolling out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::de::DeserializeOwned;

use super::{Clock, Credentials, Ids, Source};
use crate::deployment::{DeploymentId, Failure, Previous, RolloutHandle, Running};
use crate::image::ImageReference;
use crate::intent::Candidate;
use crate::watch::{DeployerName, Unit, Workload};

/// What a deployer can do; the rules ask, instead of assuming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one capability, asked for by its name"
)]
pub struct Capabilities {
    /// The orchestrator brings back what ran before when a rollout fails, if the workload is set so.
    pub reverts_itself: bool,
    /// The orchestrator can hold a rollout at its canaries.
    pub canaries: bool,
    /// The workload runs exactly the digest asked for.
    pub pins_digest: bool,
    /// It can say what a workload runs; if not, the last deployment that succeeded stands in.
    pub sees_running: bool,
    /// The orchestrator keeps our mark beside the image, so that no deployment is applied twice.
    pub carries_mark: bool,
    /// It can find the workloads that ask to be watched, by labels of their own.
    pub discovers: bool,
}

/// What the name of a label begins with by which a workload says how it is to be watched.
pub const LABEL_PREFIX: &str = "registrywatcher.";

/// The label without which a workload is not watched: what picks its tag, such as `semver:^1`.
pub const POLICY_LABEL: &str = "registrywatcher.policy";

/// A workload that asks to be watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovered {
    /// Which it is; its address is as a person would write it.
    pub workload: Workload,
    /// The image that it is to run, as the orchestrator spells it.
    pub image: String,
    /// All its labels whose names begin with [`LABEL_PREFIX`], by their whole names, but for one by which its deployer told which
    /// part of it is meant: that is in the address.
    pub labels: BTreeMap<String, String>,
}

/// Why workloads could not be looked for; it may work later.
#[derive(Debug, thiserror::Error)]
#[error("workloads cannot be discovered: {problem}")]
pub struct DiscoverError {
    /// What went wrong, and what to do.
    pub problem: String,
    /// Its cause, where there is one.
    #[source]
    pub source: Option<Source>,
}

/// What is asked of a deployer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apply {
    /// The deployment: the idempotency key, and our mark.
    pub id: DeploymentId,
    /// What is brought to the image.
    pub workload: Workload,
    /// The repository in the spelling of the configuration, without tag and digest.
    pub source: ImageReference,
    /// The image, and its tag for people.
    pub candidate: Candidate,
    /// Whether the workload is replaced although it runs the image already.
    pub forced: bool,
    /// What ran before, where that is known.
    pub previous: Option<Previous>,
}

impl Apply {
    /// The image by digest, in the spelling of the configuration.
    pub fn pinned(&self) -> ImageReference {
        self.source.at_digest(self.candidate.image.digest.clone())
    }
}

/// The orchestrator took a rollout on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// How to find the rollout again.
    pub handle: RolloutHandle,
    /// How long the orchestrator itself gives the rollout, where it says so; the deployment gets that much longer.
    pub allows: Option<Duration>,
}

/// A rollout to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    /// What was asked for.
    pub apply: Apply,
    /// How to find it.
    pub handle: RolloutHandle,
}

/// How far a rollout is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It goes on.
    Rolling {
        /// What it waits for, for people.
        detail: String,
    },
    /// Its canaries are healthy and wait for somebody to promote them.
    AwaitingPromotion,
    /// The workload runs the image and is healthy.
    Succeeded,
    /// It failed.
    Failed {
        /// Whose fault it was.
        reason: Failure,
        /// Whether the orchestrator brought back what ran before.
        restored: bool,
    },
    /// Somebody else deployed over it.
    Superseded,
}

/// Why a deployer could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The address lacks a part, or has one that the deployer does not know.
    #[error("`{workload}` is no address of this deployer: {problem}")]
    InvalidAddress {
        /// Which workload.
        workload: Workload,
        /// What is wrong, and what an address looks like.
        problem: String,
    },
    /// The orchestrator has no such workload.
    #[error("`{workload}` does not exist: {problem}")]
    WorkloadNotFound {
        /// Which workload.
        workload: Workload,
        /// What was looked for and not found.
        problem: String,
    },
    /// The workload must not be edited by us, or our credentials may not.
    #[error("`{workload}` cannot be deployed to: {problem}")]
    Refused {
        /// Which workload.
        workload: Workload,
        /// What stands in the way, and what to do.
        problem: String,
    },
    /// The orchestrator could not be reached, is not well, or is edited by somebody else at the same time.
    #[error("the orchestrator of `{workload}` is unavailable: {problem}")]
    Unavailable {
        /// Which workload.
        workload: Workload,
        /// What went wrong.
        problem: String,
        /// Its cause, where there is one.
        #[source]
        source: Option<Source>,
    },
}

impl DeployError {
    /// Whether the same may work later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

/// Rolls workloads out.
///
/// # Contract
///
/// Checked by `registrywatcher_conformance::deployer_suite!`:
///
/// - `unit` names what rolls as one, and refuses an address it cannot read.
/// - `running` is `None` for a workload that runs no image, and [`DeployError::WorkloadNotFound`] for an unknown one.
/// - `Ok` of `apply` means the orchestrator *accepted* the rollout, not that it has finished.
/// - `apply` is idempotent by deployment id: a second call with the same id starts no second rollout.
/// - An unknown workload is [`DeployError::WorkloadNotFound`], never [`DeployError::Unavailable`].
/// - `follow` gives [`Progress::Succeeded`] once the workload runs the image and is healthy; `running` then names its
///   digest, tag and mark, where the capabilities say so.
/// - A rollout that fails gives [`Progress::Failed`], and says whether what ran before runs again.
/// - A rollout can be followed from its handle alone, as after a restart of ours.
/// - A rollout that was let go is taken up by another instance, as by another replica, and goes on where it was left.
/// - What was applied before a crash of ours, before its handle was stored or after, is found by its id and never begun anew.
/// - `follow` returns within about a minute, with [`Progress::Rolling`] if nothing was decided by then.
/// - A forced rollout replaces a workload that runs the image already.
/// - `promote` lets a rollout that is [`Progress::AwaitingPromotion`] go on to its end. One that was promoted already stays
///   so.
/// - One that does not wait, or a deployer without canaries, is [`DeployError::Refused`] by `promote`.
/// - What somebody else changes between our read and our write is not lost: the rollout is over what he left, or
///   [`DeployError::Unavailable`].
/// - What somebody else changes during a rollout is not lost, and the rollout goes on to its end.
/// - What somebody else deploys between our read and our write is not overwritten: it is [`DeployError::Unavailable`].
/// - What somebody else deploys over a rollout of ours gives [`Progress::Superseded`], and stays.
/// - Credentials that the orchestrator refuses are [`DeployError::Refused`]. They decide no rollout that is under way, and no
///   secret is told.
/// - An image that the registry refuses to give is not blamed for that.
/// - `discover` finds the workloads that carry [`POLICY_LABEL`], all of them and no other, where the capabilities say so.
/// - The capabilities claim neither more nor less than the deployer does.
/// - An orchestrator that is down is [`DeployError::Unavailable`], and a [`DiscoverError`].
#[async_trait]
pub trait Deployer: Send + Sync {
    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// What rolls as one with `workload`. Reads the address alone and asks nobody.
    fn unit(&self, workload: &Workload) -> Result<Unit, DeployError>;

    /// The image that `workload` runs now, or `None` if it runs none (or the deployer cannot see it).
    async fn running(&self, workload: &Workload) -> Result<Option<Running>, DeployError>;

    /// Asks the orchestrator to run the image, by digest, and to carry the id beside it.
    async fn apply(&self, apply: &Apply) -> Result<Accepted, DeployError>;

    /// Stops what runs in this process for a deployment that was given up, or that somebody else drives from now on. An
    /// orchestrator that rolls out by itself is left alone.
    async fn let_go(&self, _id: DeploymentId) {}

    /// Waits for news of a rollout; called again until it is decided.
    async fn follow(&self, rollout: &Rollout) -> Result<Progress, DeployError>;

    /// The workloads that ask to be watched, in the order of their addresses; to be implemented where the capabilities say so.
    async fn discover(&self) -> Result<Vec<Discovered>, DiscoverError> {
        Err(DiscoverError {
            problem:
                "this kind of deployer cannot see labels; name its workloads in the configuration"
                    .to_owned(),
            source: None,
        })
    }

    /// Lets a rollout go on whose canaries are healthy; to be implemented where the capabilities name canaries.
    async fn promote(&self, rollout: &Rollout) -> Result<(), DeployError> {
        Err(DeployError::Refused {
            workload: rollout.apply.workload.clone(),
            problem: "its deployer knows no canaries".to_owned(),
        })
    }
}

/// What the composition root gives every deployer.
#[derive(Clone)]
pub struct DeployerContext {
    /// The name under which it is configured.
    pub name: DeployerName,
    /// For those that must hand the orchestrator what pulls the image.
    pub credentials: Arc<dyn Credentials>,
    /// For telling the time.
    pub clock: Arc<dyn Clock>,
    /// For making identities.
    pub ids: Arc<dyn Ids>,
    /// The environment, for orchestrators whose own tools are set up by variables (`NOMAD_ADDR`).
    pub environment: Environment,
}

/// Looks a variable of the environment up.
pub type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

impl std::fmt::Debug for DeployerContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeployerContext")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Why a deployer could not be built from its settings.
#[derive(Debug, thiserror::Error)]
#[error("{setting}: {problem}")]
pub struct BuildError {
    /// The setting at fault.
    pub setting: String,
    /// What was found, and what to do.
    pub problem: String,
}

/// A kind of deployer that a configuration can name.
#[async_trait]
pub trait DeployerPlugin: Deployer + Sized + 'static {
    /// The `kind` in the configuration.
    const KIND: &'static str;

    /// Its settings; unknown keys must be errors.
    type Settings: DeserializeOwned + Send;

    /// Builds it. Asks nobody: an orchestrator that is down must not keep the service from starting.
    async fn build(settings: Self::Settings, context: &DeployerContext)
    -> Result<Self, BuildError>;
}
