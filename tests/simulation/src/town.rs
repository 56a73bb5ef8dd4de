//! What is outside of the replicas, and the people who change it.

mod rollouts;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use registrywatcher::deployment::DeploymentId;
use registrywatcher::image::{Repository, Tag};
use registrywatcher::intent::Target;
use registrywatcher::ports::Apply;
use registrywatcher_memory::{
    MemoryDeployer, MemoryNotifier, MemoryRegistry, MemoryStore, SequentialIds,
};
use tokio::time::Instant;

use crate::chance::Chance;
use crate::clock::MachineClock;
use crate::invariants::Running;
use crate::ledger::Ledger;
use crate::sabotage::Sabotage;
use crate::setting::{
    AUDIT, Admits, PAGER, REPOSITORIES, WATCHES, Watched, image, repository, source, tag,
};
use crate::trace::Trace;
use crate::version::Version;

/// Everything that replicas share. Clones are the same town.
#[derive(Clone)]
pub(crate) struct Town {
    pub(crate) registry: MemoryRegistry,
    pub(crate) store: MemoryStore,
    pub(crate) deployer: MemoryDeployer,
    pub(crate) ids: SequentialIds,
    pub(crate) chance: Chance,
    pub(crate) trace: Trace,
    sinks: Arc<BTreeMap<&'static str, MemoryNotifier>>,
    sabotage: Option<Sabotage>,
    ledger: Arc<Mutex<Ledger>>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// Up to how many seconds an answer of the registry takes.
    registry_delay: u64,
    last_content: u32,
    bad: std::collections::BTreeSet<u32>,
    /// What somebody else deployed by its tag, by place.
    outside: BTreeMap<String, Option<u32>>,
    /// The rollouts whose canaries became healthy, until somebody promotes them.
    at_canaries: BTreeMap<DeploymentId, Apply>,
    /// Rollouts go well from now on, unless it is their image's fault.
    is_calm: bool,
}

impl Town {
    pub(crate) fn found(seed: u64, sabotage: Option<Sabotage>, traced: bool) -> Self {
        let began = Instant::now();
        let trace = Trace::new(began, traced);
        let clock = MachineClock::starting(began);
        let sink = || MemoryNotifier::new().with_patience(Duration::from_secs(10));
        let town = Self {
            registry: MemoryRegistry::default(),
            store: MemoryStore::with_clock(Arc::new(clock)),
            deployer: MemoryDeployer::new(),
            ids: SequentialIds::new(),
            chance: Chance::of(seed),
            sinks: Arc::new(BTreeMap::from([(AUDIT, sink()), (PAGER, sink())])),
            sabotage,
            ledger: Arc::new(Mutex::new(Ledger::new(trace.clone()))),
            trace,
            state: Arc::default(),
        };
        town.settle();
        town
    }

    /// Before the first start: every repository has something, and most places run it.
    fn settle(&self) {
        self.deployer.hold_rollouts();
        for name in REPOSITORIES {
            let first = if name == "edge" { "latest" } else { "v1.0.0" };
            self.push(name, first, false);
        }
        for watched in WATCHES {
            let first = if watched.name == "edge" {
                "latest"
            } else {
                "v1.0.0"
            };
            for place in watched.places {
                if self.chance.one_in(6) {
                    self.deployer.add_idle_workload(place);
                    continue;
                }
                let image = source(watched.repository).at_tag(tag(first)).to_string();
                self.deployer.add_workload(place, &image);
                let content = self.content_of(&repository(watched.repository), &tag(first));
                self.state().outside.insert((*place).to_owned(), content);
            }
        }
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_sabotaged(&self, by: Sabotage) -> bool {
        self.sabotage == Some(by)
    }

    pub(crate) fn sink(&self, name: &str) -> &MemoryNotifier {
        &self.sinks[name]
    }

    /// How long the registry takes to answer, beyond what is usual.
    pub(crate) fn registry_delay(&self) -> Option<Duration> {
        let most = self.state().registry_delay;
        (most > 0).then(|| self.chance.seconds(0, most))
    }

    pub(crate) fn slow_registry(&self, seconds: u64) {
        self.state().registry_delay = seconds;
    }

    pub(crate) fn has_begun(&self, id: DeploymentId) -> bool {
        self.deployer.applied().contains(&id)
    }

    /// Nothing goes wrong any more.
    pub(crate) fn calm_down(&self) {
        self.registry.set_fault(None);
        self.registry
            .fail_next(0, registrywatcher_memory::RegistryFault::Unavailable);
        self.slow_registry(0);
        self.deployer.recover();
        self.sinks.values().for_each(MemoryNotifier::recover);
        self.state().is_calm = true;
    }

    /// Somebody pushes new content under a tag.
    pub(crate) fn push(&self, name: &str, text: &str, is_bad: bool) {
        let content = {
            let mut state = self.state();
            state.last_content += 1;
            let content = state.last_content;
            if is_bad {
                state.bad.insert(content);
            }
            content
        };
        let quality = if is_bad { ", which does not work" } else { "" };
        self.trace
            .note(|| format!("push of {name}:{text}{quality}"));
        self.publish(name, text, content, 0);
    }

    /// Somebody signs what is under a tag, which gives it another digest.
    pub(crate) fn sign(&self, name: &str, text: &str) {
        let Some(content) = self.content_of(&repository(name), &tag(text)) else {
            return;
        };
        self.trace.note(|| format!("signature of {name}:{text}"));
        let signature = u32::try_from(self.chance.below(1_000_000)).unwrap_or_default();
        self.publish(name, text, content, 1 + signature);
    }

    fn publish(&self, name: &str, text: &str, content: u32, signature: u32) {
        let image = image(content, signature);
        self.ledger().model.pushed(&image, content);
        self.registry.publish(&repository(name), &tag(text), image);
    }

    pub(crate) fn delete(&self, name: &str, text: &str) {
        self.trace.note(|| format!("deletion of {name}:{text}"));
        self.registry.remove_tag(&repository(name), &tag(text));
    }

    /// The tags of a repository.
    pub(crate) fn tags(&self, name: &str) -> Vec<Tag> {
        let contents = self.registry.contents(&repository(name));
        contents.into_iter().map(|(tag, _)| tag).collect()
    }

    fn content_of(&self, repository: &Repository, tag: &Tag) -> Option<u32> {
        let contents = self.registry.contents(repository);
        let (_, image) = contents.into_iter().find(|(known, _)| known == tag)?;
        self.ledger().model.content(&image.digest)
    }

    /// Somebody else deploys a tag, past us.
    pub(crate) fn deploy_outside(&self, watched: &Watched, place: &str, tag: &Tag) {
        self.trace.note(|| {
            format!(
                "somebody else deploys {}:{tag} to {place}",
                watched.repository
            )
        });
        let content = self.content_of(&repository(watched.repository), tag);
        let image = source(watched.repository).at_tag(tag.clone());
        self.deployer.deploy_outside(place, &image.to_string());
        self.state().outside.insert(place.to_owned(), content);
    }

    /// The tag that a watch wants by the model, and its content; `None` if the registry does not have it.
    pub(crate) fn wanted(&self, watched: &Watched) -> Option<(Tag, u32)> {
        let target = self
            .ledger()
            .model
            .wish(&watched.watch_name())
            .target
            .clone();
        let wanted = match (target, watched.admits) {
            (Target::Pin(pinned), _) => pinned,
            (Target::Track, Admits::Latest) => tag("latest"),
            (Target::Track, admits) => {
                let versions = self.tags(watched.repository).into_iter();
                let versions = versions.filter_map(|tag| Some((Version::read(tag.as_str())?, tag)));
                let admitted = versions.filter(|(version, _)| match admits {
                    Admits::Candidates => true,
                    Admits::Ones => version.candidate.is_none() && version.numbers[0] == 1,
                    _ => version.candidate.is_none(),
                });
                admitted.max_by(|(a, _), (b, _)| a.cmp(b))?.1
            }
        };
        let content = self.content_of(&repository(watched.repository), &wanted)?;
        Some((wanted, content))
    }

    /// What the places of a watch run, in truth.
    pub(crate) fn running(&self, watched: &Watched) -> Vec<Running> {
        let ledger = self.ledger();
        let state = self.state();
        let running = watched.places.iter().map(|place| {
            let running = self.deployer.runs(place);
            let digest = running.as_ref().and_then(|running| running.image.digest());
            let content = match digest {
                Some(digest) => ledger.model.content(digest),
                None => running.as_ref().and_then(|_| *state.outside.get(*place)?),
            };
            let tag = running.as_ref().and_then(|running| {
                let kept = running.tag.as_ref();
                kept.or(running.image.tag())
            });
            Running {
                content,
                tag: tag.cloned(),
                mark: running.as_ref().and_then(|running| running.mark),
            }
        });
        running.collect()
    }
}
