//! What truly happened, noted where it did, beyond any sabotage; and judged at once.

mod canaries;
mod deliveries;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use registrywatcher::deployment::{Deployment, DeploymentId, Running, State};
use registrywatcher::event::{Event, EventId};
use registrywatcher::image::{Digest, Image, Repository, Tag, TagList};
use registrywatcher::intent::Target;
use registrywatcher::ports::{Apply, Committed, Resource, Step, WatchState};
use registrywatcher::watch::{WatchName, Workload};

use crate::Tally;
use crate::invariants::{self, Act, Asked, Invariant, Term, Told, Violation};
use crate::model::Model;
use crate::setting::{Admits, LEASE, place, watched_as};
use crate::trace::Trace;
use crate::version::Version;

/// What one life of a replica saw.
#[derive(Debug, Default)]
struct Seen {
    listings: BTreeMap<Repository, Asked<Arc<TagList>>>,
    resolutions: BTreeMap<(Repository, Tag), Asked<Option<Digest>>>,
    /// Until when it attends to a watch, and since which moment.
    terms: BTreeMap<WatchName, (Duration, u64)>,
    /// Which version ran at a place, whenever it looked.
    looks: BTreeMap<String, Vec<(u64, Option<Version>)>>,
}

/// All that happened in a town.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) model: Model,
    pub(crate) tally: Tally,
    trace: Trace,
    violation: Option<Violation>,
    /// Numbers what is noted, so that it can be told what came first.
    moment: u64,
    watches: BTreeMap<WatchName, WatchState>,
    deployments: BTreeMap<DeploymentId, Deployment>,
    events: Vec<Event>,
    lives: BTreeMap<usize, Seen>,
    begun: BTreeSet<DeploymentId>,
    /// Those that were given up while the orchestrator was being asked, which may still hear of them.
    given_up: BTreeSet<DeploymentId>,
    promoted: BTreeSet<DeploymentId>,
    sinks: BTreeMap<String, Told>,
}

impl Ledger {
    pub(crate) fn new(trace: Trace) -> Self {
        Self {
            model: Model::new(),
            tally: Tally::default(),
            trace,
            violation: None,
            moment: 0,
            watches: BTreeMap::new(),
            deployments: BTreeMap::new(),
            events: Vec::new(),
            lives: BTreeMap::new(),
            begun: BTreeSet::new(),
            given_up: BTreeSet::new(),
            promoted: BTreeSet::new(),
            sinks: BTreeMap::new(),
        }
    }

    /// The next moment.
    pub(crate) fn moment(&mut self) -> u64 {
        self.moment += 1;
        self.moment
    }

    /// The last event that was stored, 0 if there is none.
    pub(crate) fn last_event(&self) -> EventId {
        self.events.last().map_or(0, |event| event.id)
    }

    /// The first promise that was broken.
    pub(crate) fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// Notes that a promise was broken, if it was.
    pub(crate) fn judge(&mut self, invariant: Invariant, outcome: Result<(), String>) {
        let Err(problem) = outcome else { return };
        self.trace
            .note(|| format!("BROKEN {invariant:?}: {problem}"));
        let at = self.trace.elapsed();
        self.violation.get_or_insert(Violation {
            invariant,
            at,
            problem,
        });
    }

    /// A replica was told what the registry lists, or that it cannot say.
    pub(crate) fn listed(
        &mut self,
        life: usize,
        repository: &Repository,
        asked: u64,
        tags: Option<&Arc<TagList>>,
    ) {
        let ended = self.moment();
        if tags.is_none() {
            self.trace
                .note(|| format!("life {life} cannot list {repository}"));
        }
        let seen = self.lives.entry(life).or_default();
        let listing = seen.listings.entry(repository.clone()).or_default();
        listing.note(asked, ended, tags.cloned());
    }

    /// A replica was told what a tag points to, or that it cannot be told.
    pub(crate) fn resolved(
        &mut self,
        life: usize,
        repository: &Repository,
        tag: &Tag,
        asked: u64,
        image: Option<&Option<Image>>,
    ) {
        let ended = self.moment();
        let digest = image.map(|image| image.as_ref().map(|image| image.digest.clone()));
        let seen = self.lives.entry(life).or_default();
        let key = (repository.clone(), tag.clone());
        seen.resolutions
            .entry(key)
            .or_default()
            .note(asked, ended, digest);
    }

    /// A replica was told what it attends to, having asked at `asked`.
    pub(crate) fn leased(&mut self, life: usize, asked: Duration, granted: &BTreeSet<Resource>) {
        let (now, moment) = (self.trace.elapsed(), self.moment());
        let terms = &mut self.lives.entry(life).or_default().terms;
        terms.retain(|_, (until, _)| *until > now);
        for resource in granted {
            if let Resource::Watch(name) = resource {
                let (until, _) = terms.entry(name.clone()).or_insert((now, moment));
                *until = asked + LEASE;
            }
        }
    }

    /// A replica was told what runs.
    pub(crate) fn looked(&mut self, life: usize, workload: &Workload, running: Option<&Running>) {
        let moment = self.moment();
        let tag = running.and_then(|running| running.tag.as_ref().or(running.image.tag()));
        let version = tag.and_then(|tag| Version::read(tag.as_str()));
        let seen = self.lives.entry(life).or_default();
        let looks = seen.looks.entry(place(workload)).or_default();
        looks.push((moment, version));
    }

    /// A replica had a step stored that it had decided at `decided`.
    pub(crate) fn committed(
        &mut self,
        life: usize,
        decided: u64,
        step: &Step,
        committed: &Committed,
    ) {
        self.tally.commits += 1;
        for event in &committed.events {
            self.trace.note(|| {
                let watch = event.watch.as_ref().map_or("all", |watch| watch.as_str());
                format!("life {life} event {} {watch}: {}", event.id, event.kind)
            });
            let outcome = self.model.note(event);
            self.judge(Invariant::I8, outcome);
            self.note_promotion(event);
        }
        self.events.extend(committed.events.iter().cloned());
        if let Some(watch) = &step.watch {
            self.note_watch(watch, step, committed);
        }
        for deployment in &step.deployments {
            self.note_deployment(life, decided, deployment, &committed.events);
        }
    }

    fn note_watch(&mut self, watch: &WatchState, step: &Step, committed: &Committed) {
        let outcome = invariants::intent_is_kept(&self.model, watch);
        self.judge(Invariant::I8, outcome);
        let is_new = |deployment: &&Deployment| !self.deployments.contains_key(&deployment.id);
        let recorded: Vec<&Deployment> = step.deployments.iter().filter(is_new).collect();
        let before = self.watches.get(&watch.name);
        let events = &committed.events;
        let outcome = invariants::requests_are_kept(before, watch, &recorded, events);
        self.judge(Invariant::I8, outcome);
        self.watches.insert(watch.name.clone(), watch.clone());
    }

    fn note_deployment(
        &mut self,
        life: usize,
        decided: u64,
        deployment: &Deployment,
        events: &[Event],
    ) {
        let before = self.deployments.insert(deployment.id, deployment.clone());
        let outcome = invariants::states_go_forward(before.as_ref(), deployment)
            .and_then(|()| invariants::changes_are_told(before.as_ref(), deployment, events))
            .and_then(|()| {
                let is_promoted = self.promoted.contains(&deployment.id);
                invariants::canaries_are_promoted(before.as_ref(), deployment, is_promoted)
            });
        self.judge(Invariant::I8, outcome);
        let outcome = invariants::one_per_unit(&self.deployments, deployment);
        self.judge(Invariant::I5, outcome);
        match (&before, &deployment.state) {
            (None, _) => self.note_record(life, decided, deployment),
            (Some(before), State::Applying { .. }) if before.state == State::Requested => {
                self.judge_act(deployment, "started");
            }
            _ if deployment.state.is_terminal() => self.model.ended(deployment),
            _ => {}
        }
        let state = |deployment: &Deployment| deployment.state.name();
        if before.as_ref().map(state) == Some("applying") && state(deployment) == "abandoned" {
            self.given_up.insert(deployment.id);
        }
    }

    fn note_record(&mut self, life: usize, decided: u64, deployment: &Deployment) {
        self.tally.deployments += 1;
        let outcome = self.model.recorded(deployment);
        self.judge(Invariant::I8, outcome);
        self.judge_act(deployment, "recorded");
        let act = self.act(deployment, "recorded");
        let nothing = Seen::default();
        let seen = self.lives.get(&life).unwrap_or(&nothing);
        let looks = seen
            .looks
            .get(&place(&deployment.workload))
            .into_iter()
            .flatten();
        let mut looks = looks.rev().skip_while(|(moment, _)| *moment > decided);
        let look = looks.next().map(|(_, version)| version);
        let lower = invariants::never_lower(&self.model, &act, look);
        let repository = deployment.repository().clone();
        let needs_listing = self.needs_listing(&deployment.watch);
        let listing = seen.listings.get(&repository);
        let key = (repository.clone(), deployment.tag().clone());
        let resolution = seen.resolutions.get(&key);
        let began = seen.terms.get(&deployment.watch).map(|(_, began)| *began);
        let began = began.unwrap_or_default();
        let term = Term { began, decided };
        let unseen =
            invariants::rests_on_what_was_seen(&act, term, resolution, needs_listing, listing);
        self.judge(Invariant::I3, lower);
        self.judge(Invariant::I4, unseen);
    }

    fn needs_listing(&self, watch: &WatchName) -> bool {
        let tracks = self.model.wish(watch).target == Target::Track;
        tracks && watched_as(watch).admits != Admits::Latest
    }

    fn act<'a>(&self, deployment: &'a Deployment, verb: &'static str) -> Act<'a> {
        Act {
            deployment,
            by_itself: self.model.is_by_itself(deployment),
            verb,
        }
    }

    fn judge_act(&mut self, deployment: &Deployment, verb: &'static str) {
        let act = self.act(deployment, verb);
        let pinned = invariants::stays_pinned(&self.model, &act);
        let automatic = invariants::automatic_is_off(&self.model, &act);
        let quarantined = invariants::stays_in_quarantine(&self.model, &act);
        self.judge(Invariant::I1, pinned);
        self.judge(Invariant::I2, automatic);
        self.judge(Invariant::I6, quarantined);
    }

    /// The orchestrator began a rollout.
    pub(crate) fn rollout_began(&mut self, life: usize, apply: &Apply) {
        self.tally.rollouts += 1;
        self.trace.note(|| {
            let (id, tag) = (short(apply.id), &apply.candidate.tag);
            format!(
                "life {life} rollout {id} of {tag} to {} begins",
                place(&apply.workload)
            )
        });
        let is_first = self.begun.insert(apply.id);
        let is_given_up = self.given_up.contains(&apply.id);
        let outcome =
            invariants::rollout_is_recorded(&self.deployments, apply, is_given_up, is_first);
        self.judge(Invariant::I8, outcome);
    }

    /// An operator was told that a command was carried out.
    pub(crate) fn answered(&mut self, author: &registrywatcher::intent::Author, must_tell: bool) {
        if must_tell && !self.model.is_done(author) {
            let problem = format!("{author} was told that it was done, and no event tells of it");
            self.judge(Invariant::I8, Err(problem));
        }
    }

    /// Whether nothing is under way any more, or what is.
    pub(crate) fn under_way(&self) -> Option<String> {
        let mut deployments = self.deployments.values();
        if let Some(open) = deployments.find(|deployment| !deployment.state.is_terminal()) {
            let (id, state, tag) = (short(open.id), open.state.name(), open.tag());
            let place = place(&open.workload);
            return Some(format!(
                "deployment {id} of {tag} to {place} is still {state}"
            ));
        }
        let mut watches = self.watches.values();
        let waiting = watches.find(|watch| !watch.requests.is_empty())?;
        Some(format!(
            "a request for watch {} is still open",
            waiting.name
        ))
    }
}

/// The end of an identity, which is what tells it from others here.
pub(crate) fn short(id: DeploymentId) -> String {
    let text = id.to_string();
    let digits = text.get(28..).unwrap_or(&text);
    format!("#{}", digits.trim_start_matches('0'))
}
