mod abandon;
mod ask;
mod error;
mod promote;
mod rollback;

use std::sync::Arc;

pub use error::CommandError;
pub use rollback::RollBack;

use super::App;
use super::transact::Draft;
use super::wait::Asked;
use super::world::World;
use crate::decision::{HoldReason, Unwanted};
use crate::event::EventKind;
use crate::freeze::Stops;
use crate::image::{Tag, same_image};
use crate::intent::{Author, Candidate, Intent, Once, OperatorHold, Request, RequestId, Target};
use crate::ports::RegistryError;
use crate::watch::{Watch, WatchName, Workload};

/// What an operator wants changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IntentChange {
    /// Which tag from now on. Pinning asks for a deployment as well, whatever runs; tracking ends a hold.
    pub target: Option<Target>,
    /// Whether anything is deployed without being asked for.
    pub auto_deploy: Option<bool>,
    /// Whether to keep the watch as it is until something newer than what is wanted now appears, or no longer.
    pub hold: Option<HoldChange>,
    /// The revision that the change was decided on, if the client wants to notice a lost race.
    pub expected: Option<u64>,
}

/// What becomes of the hold of a watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoldChange {
    /// It is held.
    Hold {
        /// Why, for people.
        reason: String,
    },
    /// It is held no longer.
    Release,
}

/// An operator's demand to deploy now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeployNow {
    /// Which tag; the wanted one if none is named.
    pub tag: Option<Tag>,
    /// To which workload alone; to all of the watch, in their order, if none is named.
    pub workload: Option<Workload>,
    /// Whether to deploy although deployments are frozen.
    pub overrides_freeze: bool,
    /// What makes it one demand, however often it is made within a day.
    pub once: Option<Once>,
}

impl App {
    /// Changes what is wanted of a watch, and acts on it at once. Gives the intent as it is then, and what was asked for with
    /// it: pinning asks for a deployment.
    pub async fn change_intent(
        &self,
        name: &WatchName,
        change: &IntentChange,
        author: &Author,
    ) -> Result<(Intent, Option<Asked>), CommandError> {
        let watch = &self.configured_watch(name)?;
        if let Some(Target::Pin(_)) = &change.target {
            self.ensure_not_frozen(name)?;
        }
        let candidate = match &change.target {
            Some(Target::Pin(tag)) => Some(self.resolve_now(watch, tag).await?),
            Some(Target::Track) => {
                // A pinned watch was listed long ago. If that fails now, nothing is deployed until it works again.
                if let Ok(tag) = self.wanted_now(watch, &Intent::default()).await {
                    let _ = self.resolve_now(watch, &tag).await;
                }
                None
            }
            None => None,
        };
        let hold = match (&change.hold, &candidate) {
            (Some(HoldChange::Hold { .. }), None) => self.candidate_now(watch, change).await?,
            _ => candidate.clone(),
        };
        let request = candidate.map(|candidate| self.request(candidate, watch, None, author));
        self.commit_command(watch, change, hold, request, author)
            .await
    }

    /// Lets a watch track again with auto-deploy on, and deploys what is wanted then.
    pub async fn reset(&self, name: &WatchName, author: &Author) -> Result<Intent, CommandError> {
        let watch = &self.configured_watch(name)?;
        self.ensure_not_frozen(name)?;
        let tag = self.wanted_now(watch, &Intent::default()).await?;
        let candidate = self.resolve_now(watch, &tag).await?;
        let request = self.request(candidate, watch, None, author);
        let change = IntentChange {
            target: Some(Target::Track),
            auto_deploy: Some(true),
            ..IntentChange::default()
        };
        let committed = self
            .commit_command(watch, &change, None, Some(request), author)
            .await;
        committed.map(|(intent, _)| intent)
    }

    /// Asks for a deployment, whatever runs. A demand that is to be made once, and was, is not made again.
    pub async fn deploy_now(
        &self,
        name: &WatchName,
        demand: &DeployNow,
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
        let tag = if let Some(tag) = &demand.tag {
            tag.clone()
        } else {
            let intent = self
                .world()
                .states
                .get(name)
                .map(|state| state.intent.clone());
            self.wanted_now(watch, &intent.unwrap_or_default()).await?
        };
        let candidate = self.resolve_now(watch, &tag).await?;
        let request = Request {
            overrides_freeze: demand.overrides_freeze,
            ..self.request(candidate, watch, demand.workload.clone(), author)
        };
        self.ask(watch, request, demand.once).await
    }

    /// What is asked for is refused while deployments are frozen, rather than done hours later.
    fn ensure_not_frozen(&self, name: &WatchName) -> Result<(), CommandError> {
        let world = self.world();
        let Some(state) = world.states.get(name) else {
            return Ok(());
        };
        let freezes = world.freezes(state, self.ports.clock.now());
        let all = freezes
            .into_iter()
            .filter(|freeze| freeze.stops == Stops::Everything);
        match all.max_by_key(|freeze| freeze.until).cloned() {
            Some(freeze) => Err(CommandError::Frozen { freeze }),
            None => Ok(()),
        }
    }

    pub(super) fn configured_watch(&self, name: &WatchName) -> Result<Arc<Watch>, CommandError> {
        self.watch_of(name)
            .ok_or_else(|| CommandError::UnknownWatch { name: name.clone() })
    }

    /// The tag that `intent` wants, by what the registry lists at this moment.
    async fn wanted_now(&self, watch: &Watch, intent: &Intent) -> Result<Tag, CommandError> {
        if intent.target == Target::Track && watch.policy.fixed_tag().is_none() {
            self.list_now(watch).await.map_err(CommandError::Registry)?;
        }
        self.world()
            .wanted_by(watch, intent)
            .map_err(|unwanted| CommandError::NothingWanted {
                why: HoldReason::from(unwanted).to_string(),
            })
    }

    async fn list_now(&self, watch: &Watch) -> Result<(), RegistryError> {
        let repository = watch.repository();
        let began = self.begin_poll();
        let (listed, outcome) = match self.ports.registry.tags(repository).await {
            Ok(tags) => (Ok(tags), Ok(())),
            Err(error) => (Err(error.to_string()), Err(error)),
        };
        self.world()
            .observe(repository, |seen| seen.record_listing(began, listed));
        outcome
    }

    /// Asks the registry at this moment, so that a tag pushed a second ago is found.
    async fn resolve_now(&self, watch: &Arc<Watch>, tag: &Tag) -> Result<Candidate, CommandError> {
        let repository = watch.repository();
        let began = self.begin_poll();
        let known = self.world().known_image(repository, tag).cloned();
        let registry = &self.ports.registry;
        let outcome = registry.resolve(repository, tag, known.as_ref()).await;
        let seen_now = outcome.as_ref().map_err(ToString::to_string).cloned();
        self.world().observe(repository, |seen| {
            seen.record_resolution(tag, began, seen_now);
        });
        match outcome.map_err(CommandError::Registry)? {
            Some(image) => Ok(Candidate {
                tag: tag.clone(),
                image,
            }),
            None => Err(CommandError::TagNotFound {
                watch: Arc::clone(watch),
                tag: tag.clone(),
            }),
        }
    }

    fn request(
        &self,
        candidate: Candidate,
        watch: &Watch,
        only: Option<Workload>,
        author: &Author,
    ) -> Request {
        let now = self.ports.clock.now();
        Request {
            id: RequestId(self.ports.ids.next()),
            author: author.clone(),
            candidate,
            single: only.is_some(),
            pending: only.map_or_else(|| watch.workloads.clone(), |workload| vec![workload]),
            overrides_freeze: false,
            created_at: now,
            expires_at: now + self.settings.request_ttl,
        }
    }

    /// What is wanted by the changed intent, by what was last seen or else by what the registry says now; `None` if nothing is.
    async fn candidate_now(
        &self,
        watch: &Arc<Watch>,
        change: &IntentChange,
    ) -> Result<Option<Candidate>, CommandError> {
        let intent = {
            let world = self.world();
            let state = world.states.get(&watch.name);
            let mut intent = state.map(|state| state.intent.clone()).unwrap_or_default();
            intent.target = change.target.clone().unwrap_or(intent.target);
            if let Some(candidate) = world.wanted_candidate(watch, &intent) {
                return Ok(Some(candidate));
            }
            intent
        };
        match self.wanted_now(watch, &intent).await {
            Ok(tag) => self.resolve_now(watch, &tag).await.map(Some),
            Err(CommandError::NothingWanted { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn commit_command(
        &self,
        watch: &Watch,
        change: &IntentChange,
        hold: Option<Candidate>,
        request: Option<Request>,
        author: &Author,
    ) -> Result<(Intent, Option<Asked>), CommandError> {
        let intent = self
            .transact_for_anyone(&watch.name, |world, draft| {
                change_intent(draft, change, hold.as_ref(), author)?;
                if let Some(request) = &request {
                    add_request(world, draft, watch, request);
                }
                Ok::<_, CommandError>(Some(draft.watch().intent.clone()))
            })
            .await?;
        // The command is stored; what follows from it is tried again by the next poll if it fails now.
        self.reconcile_or_log(&watch.name).await;
        let asked = request.map(|request| Asked::new(watch, &request));
        Ok((intent.unwrap_or_default(), asked))
    }
}

fn ensure_workload(watch: &Watch, workload: Option<&Workload>) -> Result<(), CommandError> {
    match workload {
        Some(workload) if !watch.workloads.contains(workload) => {
            Err(CommandError::UnknownWorkload {
                watch: watch.name.clone(),
                workload: workload.clone(),
            })
        }
        _ => Ok(()),
    }
}

impl World {
    /// What `intent` wants, where it is known what it points to.
    fn wanted_candidate(&self, watch: &Watch, intent: &Intent) -> Option<Candidate> {
        let tag = self.wanted_by(watch, intent).ok()?;
        let image = self.known_image(watch.repository(), &tag)?.clone();
        Some(Candidate { tag, image })
    }

    fn wanted_by(&self, watch: &Watch, intent: &Intent) -> Result<Tag, Unwanted> {
        let unobserved = crate::observation::Observation::default();
        let observation = self.observation(watch.repository()).unwrap_or(&unobserved);
        let last_deployed = self
            .states
            .get(&watch.name)
            .and_then(|state| state.last_deployed());
        crate::decision::wanted_tag(watch, intent, observation, last_deployed, self.pick(watch))
    }
}

fn change_intent(
    draft: &mut Draft,
    change: &IntentChange,
    past: Option<&Candidate>,
    author: &Author,
) -> Result<(), CommandError> {
    let since = draft.at();
    let intent = &mut draft.watch().intent;
    if let Some(expected) = change.expected
        && expected != intent.revision
    {
        return Err(CommandError::Stale {
            expected,
            actual: intent.revision,
        });
    }
    if change.target.is_none() && change.auto_deploy.is_none() && change.hold.is_none() {
        return Ok(());
    }
    if let Some(target) = &change.target {
        intent.target = target.clone();
        intent.hold = None;
    }
    if let Some(auto_deploy) = change.auto_deploy {
        intent.auto_deploy = auto_deploy;
    }
    match &change.hold {
        Some(HoldChange::Hold { reason }) => {
            intent.hold = Some(OperatorHold {
                past: past.cloned(),
                by: author.clone(),
                reason: reason.clone(),
                since,
            });
        }
        Some(HoldChange::Release) => intent.hold = None,
        None => {}
    }
    intent.revision += 1;
    let told = EventKind::IntentChanged {
        by: author.clone(),
        target: intent.target.clone(),
        auto_deploy: intent.auto_deploy,
        hold: intent.hold.as_ref().map(|hold| hold.reason.clone()),
    };
    draft.tell(told);
    Ok(())
}

/// Stores a request, and with it a hold if it asks for another image than the wanted one: the next poll would undo it.
fn add_request(world: &World, draft: &mut Draft, watch: &Watch, request: &Request) {
    let wanted = world.wanted_by(watch, &draft.watch().intent).ok();
    let past = world.wanted_candidate(watch, &draft.watch().intent);
    let asks_for_wanted = wanted.as_ref() == Some(&request.candidate.tag)
        && past
            .as_ref()
            .is_none_or(|past| same_image(&past.image, &request.candidate.image, None));
    if !asks_for_wanted {
        draft.watch().intent.hold = Some(OperatorHold {
            past,
            by: request.author.clone(),
            reason: format!("{} was asked for", request.candidate.tag),
            since: request.created_at,
        });
        draft.watch().intent.revision += 1;
    }
    draft.watch().requests.push(request.clone());
    draft.tell(EventKind::DeploymentAsked {
        request: request.id,
        by: request.author.clone(),
        tag: request.candidate.tag.clone(),
        digest: request.candidate.image.digest.clone(),
    });
}
