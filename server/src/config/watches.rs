mod workloads;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use registrywatcher::event::NamePattern;
use registrywatcher::image::ImageReference;
use registrywatcher::watch::{AdoptMode, DriftMode, Mode, Watch, WatchName, Workload};
use serde::Deserialize;
use toml::Value;

use super::document::Document;
use super::fault::Findings;
use super::key::Key;
use super::policy;
use super::poll::LEAST_INTERVAL;
use super::scalar::{HumanDuration, Switch, duration};

/// A section `[watches.<name>]`.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wire {
    image: Option<String>,
    policy: Option<policy::Wire>,
    workloads: Option<Vec<BTreeMap<String, String>>>,
    interval: Option<HumanDuration>,
    mode: Option<Mode>,
    drift: Option<DriftMode>,
    adopt: Option<AdoptMode>,
    parallel: Option<Switch>,
    min_interval: Option<HumanDuration>,
    formerly: Option<String>,
}

/// The least time between two automatic deployments of one workload, unless a watch says otherwise.
pub(crate) const MIN_INTERVAL: Duration = Duration::from_secs(10);

/// The names of all watches, as far as they are known before anything is discovered.
pub(super) struct Names {
    pub(super) configured: BTreeSet<String>,
    /// Whether workloads may ask for others.
    pub(super) may_be_more: bool,
}

impl Names {
    /// Whether any watch may have a name that `pattern` fits.
    pub(super) fn may_fit(&self, pattern: &NamePattern) -> bool {
        let mut configured = self.configured.iter();
        self.may_be_more || configured.any(|name| pattern.matches(name))
    }
}

/// What watches are checked against.
pub(super) struct Surroundings {
    /// The names of all configured deployers.
    pub(super) deployers: BTreeSet<String>,
    /// The interval of a watch that gives none, unless that itself is faulty.
    pub(super) interval: Option<Duration>,
    /// The section of all watches.
    pub(super) at: Key,
}

pub(super) fn check(
    wires: BTreeMap<String, Wire>,
    around: &Surroundings,
    findings: &mut Findings<'_>,
) -> BTreeMap<WatchName, Watch> {
    check_former_names(&wires, &around.at, findings);
    let mut taken = BTreeMap::new();
    let mut checked = BTreeMap::new();
    for (name, mut wire) in wires {
        let at = around.at.child(&name);
        let workloads = workloads::check(wire.workloads.take(), &at, around, &mut taken, findings);
        let name = findings.parse::<WatchName>(&at, &name);
        if let Some(watch) = wire.check(name, workloads, &at, around, findings) {
            checked.insert(watch.name.clone(), watch);
        }
    }
    checked
}

impl Wire {
    fn check(
        self,
        name: Option<WatchName>,
        workloads: Option<Vec<Workload>>,
        at: &Key,
        around: &Surroundings,
        findings: &mut Findings<'_>,
    ) -> Option<Watch> {
        let key = at.child("image");
        let problem = "missing; write `image = \"ghcr.io/acme/web\"`, for example";
        let image = findings.require(&key, self.image, problem);
        let image = image.and_then(|text| findings.accept(&key, repository(&text)));
        let policy = self.policy.unwrap_or_else(policy::Wire::any_version);
        let policy = policy.check(&at.child("policy"), findings);
        let interval = match self.interval {
            None => around.interval,
            given => duration(findings, &at.child("interval"), given, LEAST_INTERVAL),
        };
        let key = at.child("min_interval");
        let min_interval = self.min_interval.or(Some(HumanDuration(MIN_INTERVAL)));
        let min_interval = duration(findings, &key, min_interval, Duration::ZERO);
        let formerly = match self.formerly {
            Some(former) => findings.parse(&at.child("formerly"), &former).map(Some),
            None => Some(None),
        };
        Some(Watch {
            name: name?,
            image: image?,
            policy: policy?,
            workloads: workloads?,
            interval: interval?,
            mode: self.mode.unwrap_or_default(),
            drift: self.drift.unwrap_or_default(),
            adopt: self.adopt.unwrap_or_default(),
            parallel: self.parallel.is_some_and(|Switch(on)| on),
            min_interval: min_interval?,
            formerly: formerly?,
        })
    }
}

fn repository(text: &str) -> Result<ImageReference, String> {
    let image: ImageReference = text.parse().map_err(|error| format!("{error}"))?;
    let repository = image.spelling();
    if image.digest().is_some() {
        return Err(format!(
            "holds a digest, and a digest never changes; write `{repository}`"
        ));
    }
    match image.tag() {
        Some(tag) => Err(format!(
            "holds a tag; write `{repository}` here and `policy = {{ tag = \"{tag}\" }}` to follow that tag"
        )),
        None => Ok(image),
    }
}

/// A name that is in use, or that two watches claim, cannot be anybody's former one.
fn check_former_names(wires: &BTreeMap<String, Wire>, at: &Key, findings: &mut Findings<'_>) {
    let mut claimed = BTreeMap::new();
    for (name, wire) in wires {
        let Some(former) = &wire.formerly else {
            continue;
        };
        let key = at.child(name).child("formerly");
        if wires.contains_key(former) {
            findings.fault(
                &key,
                format!("`{former}` is a watch itself; leave `formerly` out"),
            );
        } else if let Some(other) = claimed.insert(former, name) {
            findings.fault(
                &key,
                format!("the watch `{other}` was formerly `{former}` too; keep one"),
            );
        }
    }
}

/// Writes one watch, with every key.
pub(super) fn write(watch: &Watch, document: &mut Document) {
    document.section(&["watches", watch.name.as_str()]);
    document.pair("image", watch.image.to_string());
    document.pair("policy", policy::to_toml(&watch.policy));
    let workloads: Vec<Value> = watch.workloads.iter().map(workloads::to_toml).collect();
    document.pair("workloads", workloads);
    document.duration("interval", watch.interval);
    document.pair(
        "mode",
        match watch.mode {
            Mode::Deploy => "deploy",
            Mode::Observe => "observe",
        },
    );
    document.pair(
        "drift",
        match watch.drift {
            DriftMode::Hold => "hold",
            DriftMode::Correct => "correct",
        },
    );
    document.pair(
        "adopt",
        match watch.adopt {
            AdoptMode::Assume => "assume",
            AdoptMode::Redeploy => "redeploy",
        },
    );
    document.pair("parallel", watch.parallel);
    document.duration("min_interval", watch.min_interval);
    if let Some(former) = &watch.formerly {
        document.pair("formerly", former.as_str());
    }
}
