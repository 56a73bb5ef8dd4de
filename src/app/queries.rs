mod explain;
mod search;
mod tags;

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::App;
use super::watched::Watched;
use super::world::{Live, World};
use crate::decision::{Decision, Unwanted, wanted_tag};
use crate::deployment::{Deployment, DeploymentId, FailedRollout, Runs};
use crate::event::Event;
use crate::freeze::Freeze;
use crate::image::{Image, Tag, TagList};
use crate::intent::{Intent, Request};
use crate::observation::Unseen;
use crate::ports::{DeploymentQuery, EventQuery, StoreError, WatchState};
use crate::watch::{Unit, Watch, WatchName, Workload};

pub use explain::Explanation;
pub use search::{WatchQuery, WatchStatus};
pub use tags::TagView;

/// A decision, and since when it has been the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The decision.
    pub decision: Decision,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// All that is known of one watch.
#[derive(Debug, Clone)]
pub struct WatchView {
    /// The watch.
    pub watch: Arc<Watch>,
    /// Whether the labels of its workloads ask for it, and no configuration.
    pub discovered: bool,
    /// What an operator wants.
    pub intent: Intent,
    /// What operators asked for and has not been served yet.
    pub requests: Vec<Request>,
    /// The tags that were last listed, if they ever were.
    pub tags: Option<Arc<TagList>>,
    /// When they were listed.
    pub listed_at: Option<DateTime<Utc>>,
    /// Why the last listing failed, if it did.
    pub fault: Option<String>,
    /// The tag that is wanted, or why none is.
    pub wanted: Result<Tag, Unwanted>,
    /// What the wanted tag was last seen to point to.
    pub wanted_image: Option<Image>,
    /// The freeze of this watch alone, if one holds.
    pub freeze: Option<Freeze>,
    /// Whether this replica attends to the watch; what another one decides and sees is not known here.
    pub attended: bool,
    /// Its workloads, in their order.
    pub workloads: Vec<WorkloadView>,
}

/// All that is known of one workload.
#[derive(Debug, Clone)]
pub struct WorkloadView {
    /// Which workload.
    pub workload: Workload,
    /// What the orchestrator rolls as one with it.
    pub unit: Unit,
    /// What it runs.
    pub runs: Runs,
    /// Its last deployment that failed, unless another one made up for it.
    pub failed: Option<FailedRollout>,
    /// What was last decided; `None` before the first time.
    pub decided: Option<Decided>,
    /// Its deployment that has not ended, if there is one.
    pub in_flight: Option<Deployment>,
    /// What that deployment waits for, in the deployer's words.
    pub progress: Option<String>,
}

impl App {
    /// All that is known of one watch, or `None` if there is none of that name.
    pub fn watch(&self, name: &WatchName) -> Option<WatchView> {
        let watched = self.watched();
        let watch = watched.get(name)?;
        self.view(&self.world(), &watched, watch)
    }

    fn view(&self, world: &World, watched: &Watched, watch: &Arc<Watch>) -> Option<WatchView> {
        let attended = self.attends_to(&watch.name);
        let view = world.view(watch, attended, self.ports.clock.now())?;
        Some(WatchView {
            discovered: watched.is_discovered(&watch.name),
            ..view
        })
    }

    /// All that is known of every watch, by name.
    pub fn watches(&self) -> Vec<WatchView> {
        let watched = self.watched();
        let world = self.world();
        watched
            .iter()
            .filter_map(|watch| self.view(&world, &watched, watch))
            .collect()
    }

    /// The deployments that have not ended, oldest first: what to drive after a start.
    pub fn open_deployments(&self) -> Vec<DeploymentId> {
        self.world().open.keys().copied().collect()
    }

    /// One deployment.
    pub async fn deployment(&self, id: DeploymentId) -> Result<Option<Deployment>, StoreError> {
        let query = DeploymentQuery {
            id: Some(id),
            limit: 1,
            ..DeploymentQuery::default()
        };
        Ok(self.ports.store.deployments(&query).await?.pop())
    }

    /// Deployments, newest first.
    pub async fn deployments(
        &self,
        query: &DeploymentQuery,
    ) -> Result<Vec<Deployment>, StoreError> {
        self.ports.store.deployments(query).await
    }

    /// Events.
    pub async fn events(&self, query: &EventQuery) -> Result<Vec<Event>, StoreError> {
        self.ports.store.events(query).await
    }
}

impl World {
    fn view(&self, watch: &Arc<Watch>, attended: bool, now: DateTime<Utc>) -> Option<WatchView> {
        let state = self.states.get(&watch.name)?;
        let live = self.live(watch);
        let observation = self.observation(watch.repository());
        let wanted = match observation {
            Some(observation) => {
                let last_deployed = state.last_deployed();
                let pick = live.and_then(|live| live.pick.as_ref());
                wanted_tag(watch, &state.intent, observation, last_deployed, pick)
            }
            None => Err(Unseen::NotYet.into()),
        };
        let wanted_image = wanted
            .as_ref()
            .ok()
            .and_then(|tag| observation?.known_image(tag))
            .cloned();
        let listing = observation.map(crate::observation::Observation::listing);
        Some(WatchView {
            watch: Arc::clone(watch),
            discovered: false,
            intent: state.intent.clone(),
            requests: state.requests.clone(),
            tags: listing.and_then(|listing| listing.last_known().cloned()),
            listed_at: listing
                .and_then(crate::observation::Seen::seen_at)
                .map(|began| began.wall),
            fault: listing.and_then(|listing| match listing.current() {
                Err(Unseen::Failed(fault)) => Some(fault.message),
                _ => None,
            }),
            wanted,
            wanted_image,
            freeze: state.freeze.clone().filter(|freeze| freeze.is_active(now)),
            attended,
            workloads: live.map_or_else(Vec::new, |live| self.workload_views(watch, state, live)),
        })
    }

    fn workload_views(&self, watch: &Watch, state: &WatchState, live: &Live) -> Vec<WorkloadView> {
        watch
            .workloads
            .iter()
            .zip(&live.workloads)
            .map(|(workload, live)| {
                let in_flight = self
                    .in_flight(&live.unit)
                    .filter(|deployment| deployment.workload == *workload);
                let stored = state.of(workload);
                WorkloadView {
                    failed: stored.and_then(|stored| stored.failed.clone()),
                    workload: workload.clone(),
                    unit: live.unit.clone(),
                    runs: live.runs(stored),
                    decided: live.decided.clone(),
                    in_flight: in_flight.cloned(),
                    progress: in_flight
                        .and_then(|deployment| self.drives.get(&deployment.id)?.progress()),
                }
            })
            .collect()
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deploy(deploy) => {
                write!(f, "deploying {}: {}", deploy.candidate.tag, deploy.cause)
            }
            Self::UpToDate { candidate } => write!(f, "up to date with {}", candidate.tag),
            Self::Hold(hold) => {
                match &hold.candidate {
                    Some(candidate) => write!(f, "holding {}: ", candidate.tag)?,
                    None => f.write_str("holding: ")?,
                }
                for (index, reason) in hold.reasons.iter().enumerate() {
                    if index > 0 {
                        f.write_str("; ")?;
                    }
                    write!(f, "{reason}")?;
                }
                Ok(())
            }
        }
    }
}
