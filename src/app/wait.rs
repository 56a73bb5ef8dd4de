use chrono::{DateTime, TimeDelta, Utc};

use super::App;
use crate::deployment::{Deployment, DeploymentId};
use crate::event::{Event, EventId};
use crate::intent::{Request, RequestId};
use crate::ports::{DeploymentQuery, EventQuery, EventRange, StoreError};
use crate::watch::{Watch, WatchName};

/// How many deployments are read at a time.
const PAGE: u32 = 50;

/// By how much the clocks of replicas may differ.
const SKEW: TimeDelta = TimeDelta::minutes(1);

/// A demand that was taken on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Of which watch.
    pub watch: WatchName,
    /// The request that is stored.
    pub request: RequestId,
    /// When it was stored.
    pub at: DateTime<Utc>,
}

impl Asked {
    pub(super) fn new(watch: &Watch, request: &Request) -> Self {
        Self {
            watch: watch.name.clone(),
            request: request.id,
            at: request.created_at,
        }
    }
}

/// What came of a demand so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The deployments that serve it, oldest first.
    pub deployments: Vec<Deployment>,
    /// Whether there are workloads that it was not deployed to yet.
    pub is_pending: bool,
}

impl Served {
    /// Whether nothing more comes of it.
    pub fn is_over(&self) -> bool {
        let has_ended = |deployment: &Deployment| deployment.state.is_terminal();
        !self.is_pending && self.deployments.iter().all(has_ended)
    }
}

impl App {
    /// Waits until a deployment has ended, and gives it; `None` if there is none of this id.
    ///
    /// It costs no statement until then. When the service stops it gives the deployment as it is.
    pub async fn until_ended(&self, id: DeploymentId) -> Result<Option<Deployment>, StoreError> {
        loop {
            let heard = self.news.count();
            let is_open = self.world().open.contains_key(&id);
            let stops = self.news.is_closed();
            if !is_open || stops {
                let found = self.deployment(id).await?;
                let goes_on = |found: &Deployment| !found.state.is_terminal();
                if stops || !found.as_ref().is_some_and(goes_on) {
                    return Ok(found);
                }
            }
            self.news.after(heard).await;
        }
    }

    /// Waits until all that a demand led to has ended, and gives it. When the service stops it gives what there is.
    pub async fn until_served(&self, asked: &Asked) -> Result<Served, StoreError> {
        loop {
            let heard = self.news.count();
            let stops = self.news.is_closed();
            if !self.is_being_served(asked) || stops {
                let served = self.served(asked).await?;
                if served.is_over() || stops {
                    return Ok(served);
                }
            }
            self.news.after(heard).await;
        }
    }

    /// What came of a demand so far.
    pub async fn served(&self, asked: &Asked) -> Result<Served, StoreError> {
        // Before the first page: what is recorded later than that is not on it, and is pending still.
        let is_pending = self.is_pending(asked);
        let mut deployments = Vec::new();
        let mut query = DeploymentQuery {
            watch: Some(asked.watch.clone()),
            limit: PAGE,
            ..DeploymentQuery::default()
        };
        loop {
            let page = self.ports.store.deployments(&query).await?;
            let is_last = page.len() < PAGE as usize
                || page
                    .last()
                    .is_some_and(|last| last.created_at < asked.at - SKEW);
            query.before = page.last().map(|last| last.id);
            // A key that is used again after a day leads to a request of the same identity.
            let is_its = |deployment: &Deployment| {
                let began = deployment.created_at >= asked.at - SKEW;
                began && deployment.cause.request() == Some(asked.request)
            };
            deployments.extend(page.into_iter().filter(is_its));
            if is_last {
                deployments.reverse();
                return Ok(Served {
                    deployments,
                    is_pending,
                });
            }
        }
    }

    /// Waits until there are events after `after`, of one watch or of all, and gives the first of them; none when the service
    /// stops.
    pub async fn events_after(
        &self,
        watch: Option<&WatchName>,
        after: EventId,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        let query = EventQuery {
            watch: watch.cloned(),
            range: EventRange::After(after),
            limit,
        };
        loop {
            let heard = self.news.count();
            if self.news.is_closed() {
                return Ok(Vec::new());
            }
            let events = self.ports.store.events(&query).await?;
            if !events.is_empty() {
                return Ok(events);
            }
            self.news.after(heard).await;
        }
    }

    /// The last event that this process knows of, from where to follow what is to come.
    pub fn last_event(&self) -> EventId {
        self.world().last_event
    }

    /// Ends all waiting for news, for the service stops.
    pub fn stop_waiting(&self) {
        self.news.close();
    }

    fn is_pending(&self, asked: &Asked) -> bool {
        let world = self.world();
        let state = world.states.get(&asked.watch);
        let mut requests = state.into_iter().flat_map(|state| &state.requests);
        requests.any(|request| request.id == asked.request)
    }

    fn is_being_served(&self, asked: &Asked) -> bool {
        if self.is_pending(asked) {
            return true;
        }
        let world = self.world();
        let mut open = world.open.values();
        open.any(|open| open.cause.request() == Some(asked.request))
    }
}
