//! What is watched, and what runs it: [`Watch`] and [`Workload`].

mod address;
mod link;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::image::{ImageReference, Repository};
use crate::policy::TagPolicy;
use crate::text::name_type;

pub use address::Address;
pub use link::{LinkTemplate, ParseLinkError};

name_type!(
    /// The name of a [`Watch`], chosen in the configuration.
    WatchName,
    "a watch"
);
name_type!(
    /// The name of a configured deployer, such as `production`.
    DeployerName,
    "a deployer"
);

impl WatchName {
    /// A name that keeps to the grammar by the way it was put together.
    pub(crate) fn from_checked(name: String) -> Self {
        debug_assert!(name.parse::<Self>().is_ok(), "`{name}` is no name");
        Self(name)
    }
}

/// A repository that is followed, the rule that picks its tag, and the workloads that run it.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    /// Its name.
    pub name: WatchName,
    /// The repository in the spelling of the configuration, without tag and digest.
    pub image: ImageReference,
    /// Which tag is wanted while the watch tracks.
    pub policy: TagPolicy,
    /// What is deployed to, in this order.
    pub workloads: Vec<Workload>,
    /// How often the registry is asked.
    pub interval: Duration,
    /// Whether anything is deployed at all.
    pub mode: Mode,
    /// What to do about a change that was made past us.
    pub drift: DriftMode,
    /// What to do about a workload that runs a tag without a digest and was never deployed by us.
    pub adopt: AdoptMode,
    /// Whether the workloads may roll out all at once instead of one after the other.
    pub parallel: bool,
    /// The least time between two automatic deployments of one workload, against flapping.
    pub min_interval: Duration,
    /// The name under which intent and history stand so far, if the watch was renamed.
    pub formerly: Option<WatchName>,
}

impl Watch {
    /// The normalised repository.
    pub fn repository(&self) -> &Repository {
        self.image.repository()
    }
}

/// Whether a watch deploys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It decides and deploys.
    #[default]
    Deploy,
    /// It decides and tells, and deploys nothing.
    Observe,
}

/// What is done when somebody else deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftMode {
    /// Hold until something newer appears or an operator asks.
    #[default]
    Hold,
    /// Take it back.
    Correct,
}

/// What is done with a workload that already runs an unpinned tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdoptMode {
    /// Take the digest which the tag has at first sight for what runs; restart nothing.
    #[default]
    Assume,
    /// Deploy the wanted digest at once.
    Redeploy,
}

/// Something an orchestrator runs: the name of a deployer, and an address inside it that only the deployer reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Workload {
    /// Which configured deployer rolls it out.
    pub deployer: DeployerName,
    /// Where it is there: for Nomad `job`, `group` and `task`.
    pub address: Address,
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.deployer)?;
        if self.address.iter().len() > 0 {
            write!(f, ":{}", self.address)?;
        }
        Ok(())
    }
}

/// What an orchestrator rolls as one, such as a Nomad job: at most one deployment of it is active at a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Unit(String);

impl Unit {
    /// A unit of `deployer`, named by what identifies it there (`default/web` for a Nomad job).
    pub fn new(deployer: &DeployerName, inside: &str) -> Self {
        Self(format!("{deployer}:{inside}"))
    }

    /// A unit as it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The unit as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
