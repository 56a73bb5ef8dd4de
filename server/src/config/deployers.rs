use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use registrywatcher::watch::{DeployerName, LinkTemplate, Watch, WatchName};
use serde::Deserialize as _;
use serde_json::{Map, Value};

use super::document::Document;
use super::fault::{Finding, Findings};
use super::key::Key;
use super::scalar::{HumanDuration, Switch, duration};
use super::secret::{REDACTED, redact_url};

/// A section `[deployers.<name>]`: an orchestrator and how it is reached.
#[derive(Clone, PartialEq)]
pub struct DeployerConfig {
    /// Which kind of deployer, such as `nomad`; the catalogue knows which there are.
    pub kind: String,
    /// How its workloads are found that ask to be watched; `None` unless they are looked for.
    pub discover: Option<DiscoverConfig>,
    /// Where people look at its workloads in a browser.
    pub link: Option<LinkTemplate>,
    /// Everything else in the section, which only that kind can read.
    pub settings: Map<String, Value>,
}

/// The keys `discover` and `discover_interval` of a deployer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoverConfig {
    /// How often it is asked.
    pub interval: Duration,
    /// Where it is switched on, for telling of kinds that cannot do it.
    source: String,
}

impl fmt::Debug for DeployerConfig {
    /// Names the settings alone: their values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings: Vec<&String> = self.settings.keys().collect();
        f.debug_struct("DeployerConfig")
            .field("kind", &self.kind)
            .field("discover", &self.discover)
            .field("link", &self.link)
            .field("settings", &settings)
            .finish()
    }
}

pub(super) type Wire = Map<String, Value>;

const KIND: &str = "kind";
const DISCOVER: &str = "discover";
const DISCOVER_INTERVAL: &str = "discover_interval";
const LINK: &str = "link";

/// How often a deployer is asked which workloads ask to be watched, unless it says otherwise.
const INTERVAL: Duration = Duration::from_mins(1);

/// Asking for all workloads is dear to an orchestrator.
const LEAST_INTERVAL: Duration = Duration::from_secs(1);

/// Whether workloads are looked for at any deployer, so that there may be watches that no section names.
pub(super) fn any_discovers(wires: &BTreeMap<String, Wire>) -> bool {
    let is_on = |value: &Value| Switch::deserialize(value).is_ok_and(|Switch(on)| on);
    wires
        .values()
        .any(|wire| wire.get(DISCOVER).is_some_and(is_on))
}

pub(super) fn check(
    wires: BTreeMap<String, Wire>,
    at: &Key,
    findings: &mut Findings<'_>,
) -> BTreeMap<DeployerName, DeployerConfig> {
    let mut deployers = BTreeMap::new();
    for (name, mut settings) in wires {
        let key = at.child(&name);
        let kind_key = key.child(KIND);
        let kind = match settings.remove(KIND) {
            Some(Value::String(kind)) => Some(kind),
            Some(_) => {
                findings.fault(&kind_key, "expected a string, such as `kind = \"nomad\"`");
                None
            }
            None => findings.require(
                &kind_key,
                None,
                "missing; write `kind = \"nomad\"`, for example",
            ),
        };
        let discover = discovery(&mut settings, &key, findings);
        let link = link(&mut settings, &key, findings);
        let name = findings.parse::<DeployerName>(&key, &name);
        if let (Some(name), Some(kind)) = (name, kind) {
            let deployer = DeployerConfig {
                kind,
                discover,
                link,
                settings,
            };
            deployers.insert(name, deployer);
        }
    }
    deployers
}

/// Takes the keys of discovery out of a section: they are ours, and not the kind's.
fn discovery(settings: &mut Wire, at: &Key, findings: &mut Findings<'_>) -> Option<DiscoverConfig> {
    let key = at.child(DISCOVER);
    let is_on = settings.remove(DISCOVER).and_then(|value| {
        let problem = |_| "expected `true` or `false`";
        findings.accept(&key, Switch::deserialize(value).map_err(problem))
    });
    let interval_key = at.child(DISCOVER_INTERVAL);
    let interval = match settings.remove(DISCOVER_INTERVAL) {
        None => Some(HumanDuration(INTERVAL)),
        Some(value) => {
            let problem =
                |_| "expected a duration with its unit in quotes, such as `59s` or `1m30s`";
            findings.accept(
                &interval_key,
                HumanDuration::deserialize(value).map_err(problem),
            )
        }
    };
    let interval = match interval {
        None => None,
        given => duration(findings, &interval_key, given, LEAST_INTERVAL),
    };
    let Some(Switch(true)) = is_on else {
        return None;
    };
    Some(DiscoverConfig {
        interval: interval?,
        source: findings.source_of(&key),
    })
}

/// Takes the link out of a section, which is not the kind's either.
fn link(settings: &mut Wire, at: &Key, findings: &mut Findings<'_>) -> Option<LinkTemplate> {
    let key = at.child(LINK);
    if let Value::String(text) = settings.remove(LINK)? {
        return findings.parse(&key, &text);
    }
    let problem = "expected a string, such as `link = \"https://nomad.example/ui/jobs/{job}\"`";
    findings.fault(&key, problem);
    None
}

/// Finds links that lead nowhere, since they name a part that a workload does not have.
pub(super) fn check_links(
    deployers: &BTreeMap<DeployerName, DeployerConfig>,
    watches: &BTreeMap<WatchName, Watch>,
    at: &Key,
    findings: &mut Findings<'_>,
) {
    for (name, deployer) in deployers {
        let Some(link) = &deployer.link else {
            continue;
        };
        let workloads = watches.values().flat_map(|watch| &watch.workloads);
        let mut workloads = workloads.filter(|workload| workload.deployer == *name);
        let lacking = workloads.find_map(|workload| {
            let mut parts = link.parts();
            let part = parts.find(|part| workload.address.get(part).is_none())?;
            Some((part, workload))
        });
        if let Some((part, workload)) = lacking {
            let problem = format!(
                "names `{{{part}}}`, which `{workload}` does not have; give it one, or write the value into the link"
            );
            findings.fault(&at.child(name).child(LINK), problem);
        }
    }
}

impl DiscoverConfig {
    /// The fault that the kind of the deployer `name` cannot find workloads.
    pub(crate) fn refusal(&self, name: &DeployerName, kind: &str) -> Finding {
        Finding {
            source: self.source.clone(),
            key: Key::root().child("deployers").child(name).child(DISCOVER),
            problem: format!(
                "the kind `{kind}` cannot find workloads by their labels; leave it out and name them in `[watches]`"
            ),
        }
    }
}

impl DeployerConfig {
    pub(super) fn write(&self, name: &DeployerName, document: &mut Document) {
        document.section(&["deployers", name.as_str()]);
        document.pair(KIND, self.kind.as_str());
        if let Some(discover) = &self.discover {
            document.pair(DISCOVER, true);
            document.duration(DISCOVER_INTERVAL, discover.interval);
        }
        if let Some(link) = &self.link {
            document.pair(LINK, link.to_string());
        }
        for (key, value) in &self.settings {
            let shown = redacted(value, is_secret(key));
            if let Ok(value) = toml::Value::try_from(shown) {
                document.pair(key, value);
            }
        }
    }
}

/// The settings are the plugin's, so what is secret among them is told by the name, and in URLs by the place.
fn redacted(value: &Value, secret: bool) -> Value {
    match value {
        Value::Object(table) => Value::Object(
            table
                .iter()
                .map(|(key, value)| (key.clone(), redacted(value, secret || is_secret(key))))
                .collect(),
        ),
        Value::Array(list) => list.iter().map(|value| redacted(value, secret)).collect(),
        Value::String(_) | Value::Number(_) if secret => Value::from(REDACTED),
        Value::String(text) => Value::from(redact_url(text)),
        _ => value.clone(),
    }
}

fn is_secret(key: &str) -> bool {
    const SECRET: [&str; 9] = [
        "token",
        "password",
        "passwd",
        "secret",
        "credential",
        "auth",
        "cookie",
        "api_key",
        "private",
    ];
    let key = key.to_lowercase().replace('-', "_");
    let names_a_place = key.ends_with("_file") || key.ends_with("_path");
    let is_environment = matches!(key.as_str(), "environment" | "env");
    is_environment || !names_a_place && SECRET.iter().any(|word| key.contains(word))
}
