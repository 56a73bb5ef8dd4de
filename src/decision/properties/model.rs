//! A small model of everything outside the rules: a registry, an operator, and workloads that roll out. It keeps the facts
//! as the service does and asks [`decide`] after every move.

mod moves;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use proptest::test_runner::TestCaseError;
use uuid::Uuid;

use crate::decision::tests::world::{at, deployment, rolling, tag, watch, workload};
use crate::decision::{Decision, Deploy, Facts, Pick, Sibling, decide, wanted_tag};
use crate::deployment::{
    Adopted, Cause, Deployment, DeploymentId, FailedRollout, Origin, Quarantined, Running, Runs,
    Setback, Success,
};
use crate::freeze::Freeze;
use crate::image::{Digest, Image, Platform, PlatformManifest, Tag, TagList};
use crate::intent::{Candidate, Intent, Request};
use crate::observation::{Began, Observation};
use crate::watch::{AdoptMode, DriftMode, Watch, Workload};

/// What is in an image: the program, and the signature over it, which no workload runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Build {
    pub(super) program: u8,
    pub(super) signature: u8,
}

/// Whether a property holds at one turn.
pub(super) type Checked = Result<(), TestCaseError>;

/// One thing that happens.
#[derive(Debug, Clone)]
pub(super) enum Move {
    Push(u8, Build),
    Delete(u8),
    Pin(u8),
    Track,
    AutoDeploy(bool),
    OperatorHold,
    Release,
    /// An operator asks for a tag, on one workload or on all.
    Ask(u8, Option<usize>),
    Succeed(usize),
    AwaitPromotion(usize),
    /// The rollout fails because of its image, or not; what ran before runs again, or not.
    Fail {
        place: usize,
        blames_image: bool,
        restored: bool,
    },
    /// Somebody else deploys a tag, by the digest it has or by its name alone.
    Outside {
        place: usize,
        minor: u8,
        pinned: bool,
    },
    ReleaseQuarantine,
    /// An operator freezes everything for so many seconds.
    Freeze(u16),
    Wait(u16),
}

/// What does not work at the poll after a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    Listing,
    Resolving,
    Orchestrator,
}

/// What stays the same during a history.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) parallel: bool,
    pub(super) drift: DriftMode,
    pub(super) adopt: AdoptMode,
    pub(super) knows_platform: bool,
}

/// One decision, and all that it was made from.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    pub(super) model: &'a Model,
    pub(super) fault: Fault,
    pub(super) place: usize,
    pub(super) facts: &'a Facts<'a>,
    pub(super) decision: &'a Decision,
}

impl Turn<'_> {
    /// What is deployed without anybody having asked for it, and not to make up for what failed.
    pub(super) fn automatic(&self) -> Option<&Deploy> {
        match self.decision {
            Decision::Deploy(deploy) if self.facts.request.is_none() => {
                let is_restore = matches!(deploy.cause, Cause::Restore { .. });
                (!is_restore).then_some(deploy)
            }
            _ => None,
        }
    }

    /// What is brought back.
    pub(super) fn restore(&self) -> Option<&Deploy> {
        match self.decision {
            Decision::Deploy(deploy) => {
                let is_restore = matches!(deploy.cause, Cause::Restore { .. });
                is_restore.then_some(deploy)
            }
            _ => None,
        }
    }
}

/// A workload and what is stored of it.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) workload: Workload,
    pub(super) running: Option<Running>,
    pub(super) success: Option<Success>,
    pub(super) adopted: Option<Adopted>,
    pub(super) in_flight: Option<Deployment>,
    pub(super) failed: Option<FailedRollout>,
    setback: Option<Setback>,
    last_automatic: Option<DateTime<Utc>>,
}

#[derive(Debug)]
pub(super) struct Model {
    pub(super) watch: Watch,
    pub(super) intent: Intent,
    pub(super) places: Vec<Place>,
    /// The truth about digests: what each of them runs.
    pub(super) programs: BTreeMap<Digest, u8>,
    /// The programs that failed and were not released.
    pub(super) quarantined: BTreeSet<u8>,
    registry: BTreeMap<u8, Build>,
    request: Option<Request>,
    observation: Observation,
    /// What was picked at an earlier poll.
    pick: Option<Pick>,
    quarantine: Vec<Quarantined>,
    pub(super) freeze: Option<Freeze>,
    last_deployed: Option<Tag>,
    platform: Option<Platform>,
    now: DateTime<Utc>,
    ids: u128,
}

/// The tag of minor version `minor`.
pub(super) fn version(minor: u8) -> Tag {
    tag(&format!("1.{minor}.0"))
}

/// The minor version that a tag of [`version`] names.
pub(super) fn minor(tag: &Tag) -> u8 {
    let minor = tag.as_str().split('.').nth(1).unwrap();
    minor.parse().unwrap()
}

fn digest(kind: &str, Build { program, signature }: Build) -> Digest {
    let hex = format!("{kind}{program:02x}{signature:02x}").repeat(8);
    format!("sha256:{hex}").parse().unwrap()
}

impl Build {
    pub(super) fn image(self) -> Image {
        let manifest = |on: &str, kind| PlatformManifest {
            platform: on.parse().ok(),
            digest: digest(
                kind,
                Self {
                    signature: 0,
                    ..self
                },
            ),
        };
        let manifests = vec![
            manifest("linux/amd64", "aaaa"),
            manifest("linux/arm64", "bbbb"),
        ];
        Image::of_index(digest("eeee", self), manifests)
    }
}

impl Model {
    pub(super) fn new(setting: &Setting) -> Self {
        let workloads = vec![workload("staging"), workload("production")];
        let place = |workload: &Workload| Place {
            workload: workload.clone(),
            running: None,
            success: None,
            adopted: None,
            in_flight: None,
            failed: None,
            setback: None,
            last_automatic: None,
        };
        let places = workloads.iter().map(place).collect();
        let mut watch = watch(workloads);
        watch.parallel = setting.parallel;
        watch.drift = setting.drift;
        watch.adopt = setting.adopt;
        Self {
            watch,
            intent: Intent::default(),
            places,
            programs: BTreeMap::new(),
            quarantined: BTreeSet::new(),
            registry: BTreeMap::new(),
            request: None,
            observation: Observation::default(),
            pick: None,
            quarantine: Vec::new(),
            freeze: None,
            last_deployed: None,
            platform: setting
                .knows_platform
                .then(|| "linux/amd64".parse().unwrap()),
            now: at(0),
            ids: 0,
        }
    }

    /// Makes a move, polls, and decides on each workload, showing each decision to `check` before it is carried out.
    pub(super) fn turn(
        &mut self,
        next: &Move,
        fault: Fault,
        check: &mut impl FnMut(&Turn<'_>) -> Checked,
    ) -> Checked {
        self.now += Duration::from_secs(1);
        self.make(next);
        self.poll(fault);
        for place in 0..self.places.len() {
            let deploy = self.with_facts(place, fault, |facts| {
                let decision = decide(facts);
                check(&Turn {
                    model: self,
                    fault,
                    place,
                    facts,
                    decision: &decision,
                })?;
                Ok::<_, TestCaseError>(match decision {
                    Decision::Deploy(deploy) => Some(deploy),
                    _ => None,
                })
            })?;
            if let Some(deploy) = deploy {
                self.record(place, deploy);
            }
        }
        Ok(())
    }

    pub(super) fn runs(&self, place: usize, fault: Fault) -> Runs {
        let Place {
            running,
            success,
            adopted,
            ..
        } = &self.places[place];
        if fault == Fault::Orchestrator {
            return Runs::Unknown {
                why: "no leader".into(),
            };
        }
        Runs::judge(running.as_ref(), true, success.as_ref(), adopted.as_ref())
    }

    fn with_facts<T>(&self, index: usize, fault: Fault, rule: impl FnOnce(&Facts<'_>) -> T) -> T {
        let runs: Vec<Runs> = (0..self.places.len())
            .map(|place| self.runs(place, fault))
            .collect();
        let place = &self.places[index];
        let before: Vec<Sibling<'_>> = self.places[..index]
            .iter()
            .zip(&runs)
            .map(|(sibling, runs)| Sibling {
                workload: &sibling.workload,
                runs,
                in_flight: sibling.in_flight.is_some(),
            })
            .collect();
        let quarantine: Vec<&Quarantined> = self.quarantine.iter().collect();
        let freezes: Vec<&Freeze> = self
            .freeze
            .iter()
            .filter(|f| f.is_active(self.now))
            .collect();
        rule(&Facts {
            watch: &self.watch,
            workload: &place.workload,
            intent: &self.intent,
            request: self
                .request
                .as_ref()
                .filter(|request| request.is_pending_for(&place.workload)),
            observation: &self.observation,
            pick: self.pick.as_ref(),
            runs: &runs[index],
            sees_running: true,
            success: place.success.as_ref(),
            adopted: place.adopted.as_ref().map(|adopted| &adopted.candidate),
            last_deployed: self.last_deployed.as_ref(),
            in_flight: place.in_flight.as_ref(),
            before: &before,
            quarantine: &quarantine,
            freezes: &freezes,
            failed: place.failed.as_ref(),
            setback: place.setback.as_ref(),
            last_automatic: place.last_automatic,
            now: self.now,
        })
    }

    fn poll(&mut self, fault: Fault) {
        let began = Began {
            wall: self.now,
            monotonic: (self.now - DateTime::UNIX_EPOCH)
                .to_std()
                .unwrap_or_default(),
        };
        let refused = || "timed out".to_owned();
        let listing = match fault {
            Fault::Listing => Err(refused()),
            _ => Ok(self.listed()),
        };
        self.observation.record_listing(began, listing);
        self.pick_now_and_then();
        let wanted = wanted_tag(
            &self.watch,
            &self.intent,
            &self.observation,
            self.last_deployed.as_ref(),
            self.pick.as_ref(),
        );
        let running = self.places.iter().filter_map(|place| {
            let image = &place.running.as_ref()?.image;
            image.tag().filter(|_| image.digest().is_none()).cloned()
        });
        for tag in wanted.into_iter().chain(running.collect::<Vec<_>>()) {
            let outcome = match fault {
                Fault::Resolving => Err(refused()),
                _ => Ok(self.registry.get(&minor(&tag)).map(|build| build.image())),
            };
            self.observation.record_resolution(&tag, began, outcome);
        }
        self.request
            .take_if(|request| request.expires_at <= self.now);
        self.adopt(fault);
    }

    /// What the registry has; the very same list as before while nothing changes.
    fn listed(&self) -> Arc<TagList> {
        let tags: Vec<Tag> = self.registry.keys().map(|&minor| version(minor)).collect();
        let tags: TagList = tags.iter().map(Tag::as_str).collect();
        match self.observation.listing().last_known() {
            Some(known) if **known == tags => Arc::clone(known),
            _ => Arc::new(tags),
        }
    }

    /// Remembers a pick at every third poll, so that most are old when they are looked at.
    fn pick_now_and_then(&mut self) {
        if let Ok(tags) = self.observation.listing().current()
            && self.now.timestamp() % 3 == 0
        {
            let last_deployed = self.last_deployed.as_ref();
            self.pick = Some(Pick::new(&self.watch.policy, tags, last_deployed));
        }
    }

    fn adopt(&mut self, fault: Fault) {
        for index in 0..self.places.len() {
            let Runs::Something {
                tag: Some(tag),
                image: None,
                origin: Origin::Outside,
                ..
            } = self.runs(index, fault)
            else {
                continue;
            };
            let known = self.observation.known_image(&tag).cloned();
            let place = &mut self.places[index];
            if let Some(image) = known
                && place.success.is_none()
                && self.watch.adopt == AdoptMode::Assume
            {
                place.adopted = Some(Adopted {
                    candidate: Candidate { tag, image },
                    at: self.now,
                });
            }
        }
    }

    fn record(&mut self, index: usize, deploy: Deploy) {
        let id = self.next_id();
        let place = &mut self.places[index];
        let mut recorded = deployment(0, &self.watch, &place.workload, deploy.candidate, rolling());
        recorded.id = id;
        recorded.cause = deploy.cause;
        let asked = self
            .request
            .as_mut()
            .filter(|request| request.is_pending_for(&place.workload));
        match asked {
            Some(request) => request.pending.retain(|pending| *pending != place.workload),
            None => place.last_automatic = Some(self.now),
        }
        place.in_flight = Some(recorded);
    }

    fn next_id(&mut self) -> DeploymentId {
        self.ids += 1;
        DeploymentId(Uuid::from_u128(self.ids))
    }

    fn candidate(&self, minor: u8) -> Option<Candidate> {
        let image = self.registry.get(&minor)?.image();
        Some(Candidate {
            tag: version(minor),
            image,
        })
    }

    /// What the policy picks now, whatever the intent.
    fn newest(&self) -> Option<Candidate> {
        self.candidate(*self.registry.keys().last()?)
    }
}
