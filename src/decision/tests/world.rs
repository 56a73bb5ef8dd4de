//! Everything that a rule looks at, owned: a test changes one thing of a settled world and decides.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::decision::{Decision, Facts, Pick, Sibling, decide};
use crate::deployment::{
    Cause, Deployment, DeploymentId, FailedRollout, Failure, Origin, Quarantined, RolloutHandle,
    Runs, Setback, State, Success,
};
use crate::freeze::{Freeze, Stops};
use crate::image::{Digest, Image, Platform, PlatformManifest, Tag};
use crate::intent::{Author, Candidate, Intent, OperatorHold, Request, RequestId, Target};
use crate::observation::{Began, Observation};
use crate::policy::{Filters, Order, TagPolicy};
use crate::watch::{AdoptMode, DriftMode, Mode, Unit, Watch, Workload};

pub(crate) fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

pub(crate) fn digest(n: u8) -> Digest {
    format!("sha256:{}", format!("{n:02x}").repeat(32))
        .parse()
        .unwrap()
}

/// An image of which only the digest of record is known.
pub(crate) fn image(n: u8) -> Image {
    Image::of_digest(digest(n))
}

/// An index under digest `n`, whose entries are given as platform and digest.
pub(crate) fn index(n: u8, entries: &[(&str, u8)]) -> Image {
    let entry = |&(platform, n): &(&str, u8)| PlatformManifest {
        platform: platform.parse().ok(),
        digest: digest(n),
    };
    Image::of_index(digest(n), entries.iter().map(entry).collect())
}

pub(crate) fn candidate(text: &str, image: Image) -> Candidate {
    Candidate {
        tag: tag(text),
        image,
    }
}

pub(crate) fn workload(job: &str) -> Workload {
    Workload {
        deployer: "production".parse().unwrap(),
        address: [("job", job)].into(),
    }
}

pub(crate) fn author(name: &str) -> Author {
    Author::new(name)
}

pub(crate) fn deployment_id(n: u128) -> DeploymentId {
    DeploymentId(Uuid::from_u128(n))
}

/// A moment, in seconds after an arbitrary one.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

pub(crate) fn policy(order: Order) -> TagPolicy {
    TagPolicy::new(order, &Filters::default()).unwrap()
}

pub(crate) fn watch(workloads: Vec<Workload>) -> Watch {
    Watch {
        name: "web".parse().unwrap(),
        image: "ghcr.io/acme/web".parse().unwrap(),
        policy: policy(Order::semver("*").unwrap()),
        workloads,
        interval: Duration::from_mins(1),
        mode: Mode::Deploy,
        drift: DriftMode::Hold,
        adopt: AdoptMode::Assume,
        parallel: false,
        min_interval: Duration::from_secs(10),
        formerly: None,
    }
}

pub(crate) fn deployment(
    n: u128,
    watch: &Watch,
    workload: &Workload,
    candidate: Candidate,
    state: State,
) -> Deployment {
    Deployment {
        id: deployment_id(n),
        watch: watch.name.clone(),
        workload: workload.clone(),
        unit: Unit::new(&workload.deployer, &workload.to_string()),
        source: watch.image.clone(),
        candidate,
        cause: Cause::FirstDeploy,
        forced: false,
        attempt: 1,
        previous: None,
        created_at: at(0),
        deadline: at(1200),
        superseded_by: None,
        state,
    }
}

pub(crate) fn rolling() -> State {
    State::Rolling {
        since: at(0),
        handle: RolloutHandle("7".into()),
    }
}

pub(crate) fn awaiting_promotion() -> State {
    State::AwaitingPromotion {
        since: at(0),
        handle: RolloutHandle("7".into()),
    }
}

/// A workload that stands before the one that is decided on.
#[derive(Debug)]
pub(crate) struct Before {
    pub(crate) workload: Workload,
    pub(crate) runs: Runs,
    pub(crate) in_flight: bool,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) watch: Watch,
    pub(crate) workload: Workload,
    pub(crate) intent: Intent,
    pub(crate) request: Option<Request>,
    pub(crate) observation: Observation,
    pub(crate) pick: Option<Pick>,
    pub(crate) runs: Runs,
    pub(crate) success: Option<Success>,
    pub(crate) adopted: Option<Candidate>,
    pub(crate) last_deployed: Option<Tag>,
    pub(crate) in_flight: Option<Deployment>,
    pub(crate) before: Vec<Before>,
    pub(crate) sees_running: bool,
    pub(crate) quarantine: Vec<Quarantined>,
    pub(crate) freezes: Vec<Freeze>,
    pub(crate) failed: Option<FailedRollout>,
    pub(crate) setback: Option<Setback>,
    pub(crate) last_automatic: Option<DateTime<Utc>>,
    pub(crate) now: DateTime<Utc>,
    tags: Vec<String>,
}

impl World {
    /// We deployed `1.0.0`, which is `image(1)`; it runs, and it is all that the registry has.
    pub(crate) fn settled() -> Self {
        let workload = workload("web");
        let mut world = Self {
            watch: watch(vec![workload.clone()]),
            workload,
            intent: Intent::default(),
            request: None,
            observation: Observation::default(),
            pick: None,
            runs: Runs::Nothing,
            success: None,
            adopted: None,
            last_deployed: Some(tag("1.0.0")),
            in_flight: None,
            before: Vec::new(),
            sees_running: true,
            quarantine: Vec::new(),
            freezes: Vec::new(),
            failed: None,
            setback: None,
            last_automatic: None,
            now: at(0),
            tags: Vec::new(),
        };
        world.push("1.0.0", image(1));
        world.deployed("1.0.0", image(1));
        world
    }

    /// A settled world after `change`.
    pub(crate) fn after(change: impl FnOnce(&mut Self)) -> Self {
        let mut world = Self::settled();
        change(&mut world);
        world
    }

    /// Remembers what the policy picks from what is listed now.
    pub(crate) fn remember_pick(&mut self) {
        let tags = self.observation.listing().current().unwrap();
        let pick = Pick::new(&self.watch.policy, tags, self.last_deployed.as_ref());
        self.pick = Some(pick);
    }

    pub(crate) fn decide(&self) -> Decision {
        let before: Vec<Sibling<'_>> = self
            .before
            .iter()
            .map(
                |Before {
                     workload,
                     runs,
                     in_flight,
                 }| Sibling {
                    workload,
                    runs,
                    in_flight: *in_flight,
                },
            )
            .collect();
        let quarantine: Vec<&Quarantined> = self.quarantine.iter().collect();
        let freezes: Vec<&Freeze> = self.freezes.iter().collect();
        decide(&Facts {
            watch: &self.watch,
            workload: &self.workload,
            intent: &self.intent,
            request: self.request.as_ref(),
            observation: &self.observation,
            pick: self.pick.as_ref(),
            runs: &self.runs,
            sees_running: self.sees_running,
            success: self.success.as_ref(),
            adopted: self.adopted.as_ref(),
            last_deployed: self.last_deployed.as_ref(),
            in_flight: self.in_flight.as_ref(),
            before: &before,
            quarantine: &quarantine,
            freezes: &freezes,
            failed: self.failed.as_ref(),
            setback: self.setback.as_ref(),
            last_automatic: self.last_automatic,
            now: self.now,
        })
    }
}

/// What happens at the registry.
impl World {
    pub(crate) fn push(&mut self, text: &str, image: Image) {
        let began = self.began();
        self.tags.push(text.to_owned());
        self.list();
        self.observation
            .record_resolution(&tag(text), began, Ok(Some(image)));
    }

    pub(crate) fn delete(&mut self, text: &str) {
        let began = self.began();
        self.tags.retain(|listed| listed != text);
        self.list();
        self.observation
            .record_resolution(&tag(text), began, Ok(None));
    }

    pub(crate) fn fail_listing(&mut self) {
        let began = self.began();
        self.observation
            .record_listing(began, Err("timed out".to_owned()));
    }

    pub(crate) fn fail_resolving(&mut self, text: &str) {
        let began = self.began();
        self.observation
            .record_resolution(&tag(text), began, Err("timed out".to_owned()));
    }

    /// This moment, as that of a poll.
    pub(crate) fn began(&self) -> Began {
        Began {
            wall: self.now,
            monotonic: (self.now - at(0)).to_std().unwrap_or_default(),
        }
    }

    fn list(&mut self) {
        let began = self.began();
        let tags = self.tags.iter().map(String::as_str).collect();
        self.observation.record_listing(began, Ok(Arc::new(tags)));
    }
}

/// What an operator does.
impl World {
    pub(crate) fn pin(&mut self, text: &str) {
        self.intent.target = Target::Pin(tag(text));
    }

    pub(crate) fn hold_past(&mut self, past: Option<Candidate>) {
        self.intent.hold = Some(OperatorHold {
            past,
            by: author("kim"),
            reason: "incident".to_owned(),
            since: at(0),
        });
    }

    /// Asks for an image on every workload of the watch.
    pub(crate) fn request(&mut self, text: &str, image: Image) {
        self.request = Some(Request {
            id: RequestId(Uuid::from_u128(1)),
            author: author("kim"),
            candidate: candidate(text, image),
            pending: self.watch.workloads.clone(),
            single: false,
            overrides_freeze: false,
            created_at: self.now,
            expires_at: self.now + Duration::from_hours(1),
        });
    }
}

/// What happens to the workload.
impl World {
    /// We deployed this, and it runs.
    pub(crate) fn deployed(&mut self, text: &str, image: Image) {
        self.runs(Some(text), Some(image.clone()), Origin::Ours);
        self.success = Some(Success {
            deployment: deployment_id(1),
            candidate: candidate(text, image),
            at: at(0),
        });
    }

    /// Nothing was deployed by us yet.
    pub(crate) fn never_deployed(&mut self) {
        self.success = None;
        self.last_deployed = None;
    }

    pub(crate) fn runs(&mut self, text: Option<&str>, image: Option<Image>, origin: Origin) {
        self.runs = Runs::Something {
            tag: text.map(tag),
            image,
            origin,
            platform: None,
        };
    }

    pub(crate) fn runs_on(&mut self, on: &str) {
        if let Runs::Something { platform, .. } = &mut self.runs {
            *platform = Some(on.parse::<Platform>().unwrap());
        }
    }

    pub(crate) fn rolls_out(&mut self, text: &str, image: Image, state: State) {
        let candidate = candidate(text, image);
        self.in_flight = Some(deployment(9, &self.watch, &self.workload, candidate, state));
    }

    /// Lets a workload stand before this one in the watch.
    pub(crate) fn comes_after(&mut self, job: &str, runs: Runs) {
        let first = workload(job);
        self.watch.workloads.insert(0, first.clone());
        self.before.push(Before {
            workload: first,
            runs,
            in_flight: false,
        });
    }

    /// A deployment of ours failed because of its image, which is quarantined.
    pub(crate) fn failed(&mut self, text: &str, image: Image, restored: bool) {
        self.quarantine(text, image.clone());
        self.failed = Some(FailedRollout {
            deployment: deployment_id(5),
            candidate: candidate(text, image),
            reason: Failure::Image {
                message: "exited with 1".to_owned(),
            },
            restored,
            at: at(0),
        });
    }

    /// The orchestrator took a deployment of ours back for reasons of its own.
    pub(crate) fn rolled_back(&mut self, text: &str, image: Image) {
        self.failed = Some(FailedRollout {
            deployment: deployment_id(5),
            candidate: candidate(text, image),
            reason: Failure::Orchestrator {
                message: "no progress".to_owned(),
            },
            restored: true,
            at: at(0),
        });
    }

    pub(crate) fn freeze(&mut self, seconds: i64, stops: Stops) {
        self.freezes.push(Freeze {
            until: at(seconds),
            reason: "holidays".to_owned(),
            by: author("kim"),
            since: at(0),
            stops,
        });
    }

    pub(crate) fn quarantine(&mut self, text: &str, image: Image) {
        self.quarantine.push(Quarantined {
            repository: self.watch.repository().clone(),
            candidate: candidate(text, image),
            deployment: deployment_id(5),
            reason: "exited with 1".to_owned(),
            since: at(0),
        });
    }
}

/// A workload on which this runs, brought there by `origin`.
pub(crate) fn something(text: &str, image: Image, origin: Origin) -> Runs {
    Runs::Something {
        tag: Some(tag(text)),
        image: Some(image),
        origin,
        platform: None,
    }
}
