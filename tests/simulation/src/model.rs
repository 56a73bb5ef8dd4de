//! What people did and asked for, by the schedule alone.

use std::collections::{BTreeMap, BTreeSet};

use registrywatcher::deployment::{Cause, Deployment, DeploymentId, Failure, State};
use registrywatcher::event::{Event, EventKind};
use registrywatcher::image::{Digest, Image, Repository, Tag};
use registrywatcher::intent::{Author, RequestId, Target};
use registrywatcher::watch::{WatchName, Workload};

use crate::setting::{WATCHES, place, watched_as};

/// What an operator asks for.
#[derive(Debug, Clone)]
pub(crate) enum Command {
    Pin(Tag),
    Track,
    AutoDeploy(bool),
    DeployNow {
        tag: Option<Tag>,
        only: Option<Workload>,
        /// Whether it is demanded a second time under the same key.
        again: bool,
    },
    Hold,
    ReleaseHold,
    Abandon,
    Promote,
    RollBack {
        only: Option<Workload>,
    },
    Reset,
    Freeze {
        everywhere: bool,
        seconds: u32,
    },
    Unfreeze {
        everywhere: bool,
    },
    Release,
    Replay,
}

/// What an operator wants of a watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) target: Target,
    pub(crate) auto_deploy: bool,
}

/// What an operator asked to be deployed, and has not been served in full.
#[derive(Debug, Clone)]
struct Ask {
    id: RequestId,
    author: Author,
    watch: WatchName,
    tag: Tag,
    digest: Digest,
    pending: Vec<Workload>,
}

/// The people of a town, as far as the application should know them.
#[derive(Debug, Default)]
pub(crate) struct Model {
    /// What was asked for, by an author of its own for each time.
    commands: BTreeMap<Author, (WatchName, Command)>,
    /// Whose commands have come to pass.
    done: BTreeSet<Author>,
    wishes: BTreeMap<WatchName, Wish>,
    asks: Vec<Ask>,
    /// Which deployments were asked for.
    asked_for: BTreeSet<DeploymentId>,
    /// Watches on which something else than the wanted tag may have been asked for since they were last told to track.
    diverted: BTreeSet<WatchName>,
    contents: BTreeMap<Digest, u32>,
    /// What failed by its own fault and was not released.
    quarantined: BTreeMap<DeploymentId, (Repository, u32)>,
    /// What ran well at a place, or ran there before us.
    good: BTreeSet<(String, u32)>,
    /// The last of it, by place.
    last_good: BTreeMap<String, u32>,
    /// Where any deployment failed.
    failed: BTreeSet<String>,
}

impl Model {
    pub(crate) fn new() -> Self {
        let wish = Wish {
            target: Target::Track,
            auto_deploy: true,
        };
        let wishes = WATCHES
            .iter()
            .map(|watched| (watched.watch_name(), wish.clone()));
        Self {
            wishes: wishes.collect(),
            ..Self::default()
        }
    }

    /// Somebody pushed `image`.
    pub(crate) fn pushed(&mut self, image: &Image, content: u32) {
        self.contents.insert(image.digest.clone(), content);
    }

    /// Which content is behind a digest, whoever signed it.
    pub(crate) fn content(&self, digest: &Digest) -> Option<u32> {
        self.contents.get(digest).copied()
    }

    /// An operator is about to give a command.
    pub(crate) fn commanded(&mut self, author: Author, watch: &WatchName, command: Command) {
        self.commands.insert(author, (watch.clone(), command));
    }

    /// Whether what `author` asked for has come to pass.
    pub(crate) fn is_done(&self, author: &Author) -> bool {
        self.done.contains(author)
    }

    pub(crate) fn wish(&self, watch: &WatchName) -> &Wish {
        let wish = self.wishes.get(watch);
        wish.unwrap_or_else(|| panic!("nobody watches {watch}"))
    }

    pub(crate) fn is_diverted(&self, watch: &WatchName) -> bool {
        self.diverted.contains(watch)
    }

    pub(crate) fn has_failed_at(&self, place: &str) -> bool {
        self.failed.contains(place)
    }

    /// What ran well at a place last, or ran there before us.
    pub(crate) fn last_good_at(&self, place: &str) -> Option<u32> {
        self.last_good.get(place).copied()
    }

    /// Whether a deployment failed by the fault of its image, which was not released since.
    pub(crate) fn failed_by_its_image(&self, deployment: DeploymentId) -> bool {
        self.quarantined.contains_key(&deployment)
    }

    fn ran_well(&mut self, place: String, content: u32) {
        self.last_good.insert(place.clone(), content);
        self.good.insert((place, content));
    }

    pub(crate) fn is_quarantined(&self, repository: &Repository, content: u32) -> bool {
        let mut entries = self.quarantined.values();
        entries.any(|(of, bad)| of == repository && *bad == content)
    }

    /// Whether nobody asked for `deployment`, and it does not just bring back what ran well.
    pub(crate) fn is_by_itself(&self, deployment: &Deployment) -> bool {
        let brings_back = || {
            let content = self.content(&deployment.candidate.image.digest);
            let is_restore = matches!(deployment.cause, Cause::Restore { .. });
            let key = content.map(|content| (place(&deployment.workload), content));
            is_restore && key.is_some_and(|key| self.good.contains(&key))
        };
        !self.asked_for.contains(&deployment.id) && !brings_back()
    }

    /// Takes what a stored event tells, as far as it tells *that* something came to pass; *what* is in the schedule.
    pub(crate) fn note(&mut self, event: &Event) -> Result<(), String> {
        match &event.kind {
            EventKind::IntentChanged { by, .. } => self.change_wish(by),
            EventKind::DeploymentAsked {
                request,
                by,
                tag,
                digest,
            } => self.note_ask(*request, by, tag, digest),
            EventKind::RequestDropped { request, .. } => {
                self.asks.retain(|ask| ask.id != *request);
                Ok(())
            }
            EventKind::WorkloadAdopted {
                workload, digest, ..
            } => {
                if let Some(content) = self.content(digest) {
                    self.ran_well(place(workload), content);
                }
                Ok(())
            }
            EventKind::QuarantineReleased { by, deployment, .. } => {
                self.done.insert(by.clone());
                if let Some(entry) = self.quarantined.get(deployment).cloned() {
                    self.quarantined.retain(|_, other| *other != entry);
                }
                Ok(())
            }
            EventKind::DeploymentAbandoned { by: Some(by), .. } => {
                self.done.insert(by.clone());
                self.diverted.extend(event.watch.clone());
                Ok(())
            }
            EventKind::PromotionAsked { by, .. } => {
                self.done.insert(by.clone());
                match self.commands.get(by) {
                    Some((_, Command::Promote)) => Ok(()),
                    _ => Err(format!("{by} is said to have asked for a promotion")),
                }
            }
            EventKind::Frozen { by, .. } | EventKind::Unfrozen { by, .. } => {
                self.done.insert(by.clone());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What is wanted of a watch once the command of `author` has come to pass.
    pub(crate) fn wish_after(&self, author: &Author) -> Result<(WatchName, Wish), String> {
        let Some((watch, command)) = self.commands.get(author).cloned() else {
            return Err(format!(
                "{author} changed an intent without having asked for it"
            ));
        };
        let mut wish = self.wish(&watch).clone();
        match command {
            Command::Pin(tag) => wish.target = Target::Pin(tag),
            Command::Track => wish.target = Target::Track,
            Command::AutoDeploy(on) => wish.auto_deploy = on,
            Command::Hold | Command::ReleaseHold => {}
            Command::Reset => {
                wish = Wish {
                    target: Target::Track,
                    auto_deploy: true,
                };
            }
            other => {
                return Err(format!(
                    "{author} asked for {other:?}, which changes no intent"
                ));
            }
        }
        Ok((watch, wish))
    }

    fn change_wish(&mut self, by: &Author) -> Result<(), String> {
        let (watch, wish) = self.wish_after(by)?;
        let command = self.commands.get(by).map(|(_, command)| command);
        match command {
            Some(Command::AutoDeploy(_)) => {}
            Some(Command::Hold) => {
                self.diverted.insert(watch.clone());
            }
            _ => {
                self.diverted.remove(&watch);
            }
        }
        self.wishes.insert(watch, wish);
        if self.done.insert(by.clone()) {
            Ok(())
        } else {
            Err(format!("what {by} asked for came to pass twice"))
        }
    }

    fn note_ask(
        &mut self,
        id: RequestId,
        author: &Author,
        tag: &Tag,
        digest: &Digest,
    ) -> Result<(), String> {
        let Some((watch, command)) = self.commands.get(author).cloned() else {
            return Err(format!("{author} is said to have asked for {tag}"));
        };
        let only = match command {
            Command::Pin(pinned) if pinned == *tag => None,
            Command::DeployNow { .. } if self.done.contains(author) => {
                return Err(format!("what {author} demanded once came to pass twice"));
            }
            Command::DeployNow {
                tag: named, only, ..
            } if named.as_ref().is_none_or(|named| named == tag) => only,
            Command::RollBack { only } => only,
            Command::Reset => None,
            other => return Err(format!("{author} asked for {other:?} and not for {tag}")),
        };
        self.done.insert(author.clone());
        self.diverted.insert(watch.clone());
        let all = watched_as(&watch).configured().workloads;
        self.asks.push(Ask {
            id,
            author: author.clone(),
            tag: tag.clone(),
            digest: digest.clone(),
            pending: only.map_or(all, |only| vec![only]),
            watch,
        });
        Ok(())
    }

    /// Takes that `deployment` was recorded. One that says that somebody asked for it must serve that person's request.
    pub(crate) fn recorded(&mut self, deployment: &Deployment) -> Result<(), String> {
        let Cause::Requested { by, .. } = &deployment.cause else {
            return Ok(());
        };
        let is_served = |ask: &Ask| {
            ask.author == *by
                && ask.watch == deployment.watch
                && ask.tag == *deployment.tag()
                && ask.digest == deployment.image().digest
                && ask.pending.contains(&deployment.workload)
        };
        if !self.asks.iter().any(is_served) {
            let (tag, place) = (deployment.tag(), place(&deployment.workload));
            return Err(format!("{by} has no open request for {tag} at {place}"));
        }
        self.asked_for.insert(deployment.id);
        for ask in self
            .asks
            .iter_mut()
            .filter(|ask| ask.watch == deployment.watch)
        {
            ask.pending
                .retain(|pending| *pending != deployment.workload);
        }
        self.asks.retain(|ask| !ask.pending.is_empty());
        Ok(())
    }

    /// Takes how `deployment` ended.
    pub(crate) fn ended(&mut self, deployment: &Deployment) {
        let Some(content) = self.content(&deployment.image().digest) else {
            return;
        };
        let place = place(&deployment.workload);
        match &deployment.state {
            State::Succeeded { .. } => self.ran_well(place, content),
            State::Failed { reason, .. } => {
                self.failed.insert(place);
                if matches!(reason, Failure::Image { .. }) {
                    let repository = deployment.repository().clone();
                    self.quarantined
                        .insert(deployment.id, (repository, content));
                }
            }
            _ => {}
        }
    }
}
