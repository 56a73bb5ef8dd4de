use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::App;
use super::commands::CommandError;
use super::queries::WatchView;
use super::world::World;
use crate::decision::{Pick, wanted_tag};
use crate::deployment::Runs;
use crate::image::{Image, Repository, Tag};
use crate::intent::Target;
use crate::observation::{Began, Observation};
use crate::ports::{RegistryError, WatchState};
use crate::watch::{AdoptMode, Watch, WatchName};

/// What came of a poll.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Polled {
    /// Whether this replica attends to any watch of the repository; otherwise nothing was asked.
    pub attended: bool,
    /// What went wrong at the registry, if anything did.
    pub fault: Option<String>,
    /// How long the registry asks to be left alone, if it does.
    pub retry_after: Option<Duration>,
}

impl App {
    /// The repositories to poll, each with the shortest interval of its watches.
    pub fn repositories(&self) -> Vec<(Repository, Duration)> {
        let mut intervals = std::collections::BTreeMap::new();
        for watch in self.watched().iter() {
            let interval = intervals
                .entry(watch.repository().clone())
                .or_insert(watch.interval);
            *interval = watch.interval.min(*interval);
        }
        intervals.into_iter().collect()
    }

    /// Asks the registry what every watch of `repository` needs to know, once, and reconciles each of them.
    pub async fn poll(&self, repository: &Repository) -> Polled {
        let watches = self.watches_of(repository);
        if watches.is_empty() {
            return Polled::default();
        }
        for watch in &watches {
            self.look_at_workloads(watch).await;
        }
        let mut polled = Polled {
            attended: true,
            ..Polled::default()
        };
        let began = self.begin_poll();
        if self.listing_is_due(repository, &watches, began) {
            let outcome = self.ports.registry.tags(repository).await;
            let outcome = outcome.map_err(|error| polled.note(repository, &error));
            self.world()
                .observe(repository, |seen| seen.record_listing(began, outcome));
        }
        self.world().pick_for(&watches);
        for tag in self.tags_to_resolve(repository, &watches) {
            self.resolve(repository, &tag, began, &mut polled).await;
        }
        self.log_tags(repository, began.wall).await;
        self.world().end_poll(repository, &watches);
        for watch in &watches {
            self.reconcile_or_log(&watch.name).await;
        }
        polled
    }

    /// Polls the repository of a watch now, as an operator asks, and gives what is known and decided then.
    pub async fn check(&self, name: &WatchName) -> Result<WatchView, CommandError> {
        let watch = &self.configured_watch(name)?;
        let polled = self.poll(watch.repository()).await;
        if !self.attends_to(name) {
            let watch = name.clone();
            return Err(CommandError::AttendedElsewhere { watch });
        }
        if let Some(problem) = polled.fault {
            return Err(CommandError::NotPolled {
                problem,
                retry_after: polled.retry_after,
            });
        }
        let unknown = || CommandError::UnknownWatch { name: name.clone() };
        self.watch(name).ok_or_else(unknown)
    }

    /// Takes that a poll of `repository` was given up because it took too long: what the registry has is not known until
    /// one succeeds.
    pub async fn give_up_poll(&self, repository: &Repository) -> Polled {
        let message = format!("a poll of {repository} took too long");
        tracing::warn!(image.repository = %repository, "{message}");
        let watches = self.watches_of(repository);
        let now = self.begin_poll();
        {
            let mut world = self.world();
            let needs_listing = watches.iter().any(|watch| world.needs_listing(watch));
            world.observe(repository, |seen| {
                if needs_listing {
                    seen.record_listing(now, Err(message.clone()));
                }
                seen.record_failed_resolutions(now, &message);
            });
            world.end_poll(repository, &watches);
        }
        for watch in &watches {
            self.reconcile_or_log(&watch.name).await;
        }
        Polled {
            attended: true,
            fault: Some(message),
            retry_after: None,
        }
    }

    /// This moment, by both clocks.
    pub(super) fn begin_poll(&self) -> Began {
        Began {
            wall: self.ports.clock.now(),
            monotonic: self.ports.clock.monotonic(),
        }
    }

    /// The watches of `repository` that this replica attends to.
    fn watches_of(&self, repository: &Repository) -> Vec<Arc<Watch>> {
        let watched = self.watched();
        let all = watched.of(repository).iter();
        all.filter(|watch| self.attends_to(&watch.name))
            .cloned()
            .collect()
    }

    async fn resolve(&self, repository: &Repository, tag: &Tag, began: Began, polled: &mut Polled) {
        let known = self.world().known_image(repository, tag).cloned();
        let outcome = self
            .ports
            .registry
            .resolve(repository, tag, known.as_ref())
            .await;
        let outcome = outcome.map_err(|error| polled.note(repository, &error));
        self.world().observe(repository, |seen| {
            seen.record_resolution(tag, began, outcome);
        });
    }

    /// A watch that tracks is listed at every poll; where all are pinned, now and then.
    fn listing_is_due(&self, repository: &Repository, watches: &[Arc<Watch>], now: Began) -> bool {
        let world = self.world();
        if watches.iter().any(|watch| world.needs_listing(watch)) {
            return true;
        }
        let seen = world.observation(repository);
        let last = seen.and_then(|seen| seen.listing().seen_at());
        last.is_none_or(|last| last.monotonic + self.settings.listing_interval <= now.monotonic)
    }

    fn tags_to_resolve(&self, repository: &Repository, watches: &[Arc<Watch>]) -> BTreeSet<Tag> {
        let world = self.world();
        let followed = world.repositories.get(repository);
        let polls = followed.map_or(0, |followed| followed.polls);
        let again = polls.is_multiple_of(self.settings.digest_every.max(1));
        let mut due = BTreeSet::new();
        for watch in watches {
            let follows_digest = !world.needs_listing(watch);
            let wanted = world.wanted_tag(watch);
            due.extend(
                wanted.filter(|tag| follows_digest || again || !world.is_resolved(repository, tag)),
            );
            let unpinned = world.unpinned_tags(watch);
            due.extend(
                unpinned
                    .into_iter()
                    .filter(|tag| !world.is_resolved(repository, tag)),
            );
        }
        due
    }
}

impl Polled {
    fn note(&mut self, repository: &Repository, error: &RegistryError) -> String {
        let message = error.to_string();
        tracing::warn!(image.repository = %repository, "{message}");
        self.retry_after = self.retry_after.max(error.retry_after());
        self.fault = Some(message.clone());
        message
    }
}

impl World {
    /// What was seen of a repository; `None` where no watch follows it.
    pub(super) fn observation(&self, repository: &Repository) -> Option<&Observation> {
        let followed = self.repositories.get(repository)?;
        Some(&followed.observation)
    }

    /// Takes what was seen of a repository, if a watch follows it.
    pub(super) fn observe(
        &mut self,
        repository: &Repository,
        record: impl FnOnce(&mut Observation),
    ) {
        if let Some(followed) = self.repositories.get_mut(repository) {
            record(&mut followed.observation);
        }
    }

    pub(super) fn known_image(&self, repository: &Repository, tag: &Tag) -> Option<&Image> {
        self.observation(repository)?.known_image(tag)
    }

    /// Picks the tags that tracking watches want, where that is not known of what is listed now.
    fn pick_for(&mut self, watches: &[Arc<Watch>]) {
        for watch in watches {
            let needs_listing = self.needs_listing(watch);
            let followed = self.repositories.get(watch.repository());
            let listing = followed
                .and_then(|followed| followed.observation.listing().last_known())
                .filter(|_| needs_listing);
            let last_deployed = self
                .states
                .get(&watch.name)
                .and_then(WatchState::last_deployed);
            let live = self.live.get_mut(&watch.name);
            let Some(live) = live.filter(|live| live.is_of(watch)) else {
                continue;
            };
            match (listing, &live.pick) {
                (Some(tags), Some(pick)) if pick.holds(tags, last_deployed) => {}
                (Some(tags), _) => live.pick = Some(Pick::new(&watch.policy, tags, last_deployed)),
                (None, _) => live.pick = None,
            }
        }
    }

    /// Whether the wanted tag of `watch` is picked from a listing.
    fn needs_listing(&self, watch: &Watch) -> bool {
        let tracks = self
            .states
            .get(&watch.name)
            .is_none_or(|state| state.intent.target == Target::Track);
        tracks && watch.policy.fixed_tag().is_none()
    }

    pub(super) fn wanted_tag(&self, watch: &Watch) -> Option<Tag> {
        let state = self.states.get(&watch.name)?;
        wanted_tag(
            watch,
            &state.intent,
            self.observation(watch.repository())?,
            state.last_deployed(),
            self.pick(watch),
        )
        .ok()
    }

    /// The tags that workloads run without a digest, and whose digest is not known yet.
    fn unpinned_tags(&self, watch: &Watch) -> Vec<Tag> {
        if watch.adopt == AdoptMode::Redeploy || !self.runs_unpinned(watch) {
            return Vec::new();
        }
        let runs = self.runs(watch);
        runs.into_iter()
            .filter_map(|runs| match runs {
                Runs::Something {
                    image: None, tag, ..
                } => tag,
                _ => None,
            })
            .collect()
    }

    fn is_resolved(&self, repository: &Repository, tag: &Tag) -> bool {
        self.observation(repository)
            .and_then(|observation| observation.resolution(tag))
            .is_some_and(|seen| seen.current().is_ok())
    }

    fn end_poll(&mut self, repository: &Repository, watches: &[Arc<Watch>]) {
        let mut kept = Vec::new();
        for watch in watches {
            kept.extend(self.wanted_tag(watch));
            kept.extend(self.unpinned_tags(watch));
        }
        let kept: Vec<&Tag> = kept.iter().collect();
        if let Some(followed) = self.repositories.get_mut(repository) {
            followed.observation.forget_all_but(&kept);
            followed.polls = followed.polls.wrapping_add(1);
        }
    }
}
