use super::{CommandError, ensure_workload};
use crate::app::App;
use crate::app::wait::Asked;
use crate::deployment::{Deployment, State};
use crate::image::same_image;
use crate::intent::{Author, Candidate, Once, Request};
use crate::ports::DeploymentQuery;
use crate::watch::{Watch, WatchName, Workload};

/// How many deployments are read at a time, and how many times, before the search ends.
const PAGE: u32 = 50;
const PAGES: u32 = 20;

/// What to go back from, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RollBack {
    /// Which workload alone; all of the watch, in their order, if none is named.
    pub workload: Option<Workload>,
    /// Whether to deploy although deployments are frozen.
    pub overrides_freeze: bool,
    /// What makes it one demand, however often it is made within a day.
    pub once: Option<Once>,
}

impl App {
    /// Goes back to the image that succeeded before the one that runs now, and holds the watch until something newer than what
    /// is wanted now appears. It asks the registry nothing.
    pub async fn roll_back(
        &self,
        name: &WatchName,
        demand: &RollBack,
        author: &Author,
    ) -> Result<Asked, CommandError> {
        let watch = &self.configured_watch(name)?;
        ensure_workload(watch, demand.workload.as_ref())?;
        if let Some(once) = demand.once
            && let Some(asked) = self.asked_before(name, once).await?
        {
            return Ok(asked);
        }
        if !demand.overrides_freeze {
            self.ensure_not_frozen(name)?;
        }
        let candidate = self.before(watch, demand.workload.as_ref()).await?;
        let candidate = candidate.ok_or_else(|| CommandError::NothingBefore {
            watch: name.clone(),
            why: "no other image has been deployed successfully".to_owned(),
        })?;
        let request = Request {
            overrides_freeze: demand.overrides_freeze,
            ..self.request(candidate, watch, demand.workload.clone(), author)
        };
        self.ask(watch, request, demand.once).await
    }

    /// What [`roll_back`](Self::roll_back) would go back to if it was asked for now, to tell before it is.
    pub async fn rollback_target(
        &self,
        name: &WatchName,
        workload: Option<&Workload>,
    ) -> Result<Option<Candidate>, CommandError> {
        let watch = self.configured_watch(name)?;
        ensure_workload(&watch, workload)?;
        self.before(&watch, workload).await
    }

    /// The image before the one that `workload`, or the first of the watch, runs.
    async fn before(
        &self,
        watch: &Watch,
        workload: Option<&Workload>,
    ) -> Result<Option<Candidate>, CommandError> {
        match workload.or(watch.workloads.first()) {
            Some(workload) => self.succeeded_before(watch, workload).await,
            None => Ok(None),
        }
    }

    /// The image that `workload` ran well before the one that it runs, or is being brought to, now.
    async fn succeeded_before(
        &self,
        watch: &Watch,
        workload: &Workload,
    ) -> Result<Option<Candidate>, CommandError> {
        let (now, adopted) = {
            let world = self.world();
            let state = world.states.get(&watch.name);
            let stored = state.and_then(|state| state.of(workload));
            let open = world.open.values().find(|open| open.workload == *workload);
            let success = stored.and_then(|stored| Some(&stored.success.as_ref()?.candidate));
            let adopted =
                stored.and_then(|stored| Some(stored.adopted.as_ref()?.candidate.clone()));
            let now = open.map(|open| &open.candidate).or(success);
            (now.or(adopted.as_ref()).cloned(), adopted)
        };
        let is_other = |candidate: &Candidate| {
            let now = now.as_ref();
            now.is_none_or(|now| !same_image(&now.image, &candidate.image, None))
        };
        let is_good = |deployment: &Deployment| {
            let succeeded = matches!(deployment.state, State::Succeeded { .. });
            succeeded && deployment.workload == *workload && is_other(&deployment.candidate)
        };
        let mut query = DeploymentQuery {
            watch: Some(watch.name.clone()),
            limit: PAGE,
            ..DeploymentQuery::default()
        };
        for _ in 0..PAGES {
            let page = self.ports.store.deployments(&query).await?;
            query.before = page.last().map(|last| last.id);
            let is_last = page.len() < PAGE as usize;
            if let Some(found) = page.into_iter().find(is_good) {
                return Ok(Some(found.candidate));
            }
            if is_last {
                break;
            }
        }
        Ok(adopted.filter(is_other))
    }
}
