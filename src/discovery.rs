//! What becomes of the workloads that ask to be watched by their own labels: [`plan`].
//!
//! Whoever may label a workload steers by it what that workload is brought to, and nothing else: which registries may be
//! asked at all, and whether anything is deployed, is up to the [`Rules`].

mod labels;
mod name;
mod period;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use crate::image::{ImageReference, RegistryHost};
use crate::ports::Discovered;
use crate::watch::{Mode, Watch, WatchName, Workload};

use labels::Labels;

/// What holds for everything that is discovered, whatever its labels say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The registries whose images may be watched.
    pub registries: BTreeSet<RegistryHost>,
    /// How often the registry is asked, unless a label says otherwise.
    pub interval: Duration,
    /// The least time between two automatic deployments of one workload, unless a label says otherwise.
    pub min_interval: Duration,
    /// [`Mode::Observe`] if nothing that is discovered may be deployed.
    pub mode: Mode,
}

/// What is to be watched, and what cannot be.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// What is to be watched.
    pub watches: BTreeMap<WatchName, Watch>,
    /// What is wrong with the labels of the others, in the order of the workloads.
    pub faults: Vec<Fault>,
}

/// Why a workload cannot be watched that asks for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Which workload.
    pub workload: Workload,
    /// The watch that it would belong to, where that is known.
    pub watch: Option<WatchName>,
    /// What was found, and what to do.
    pub problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.workload, self.problem)
    }
}

/// A workload whose labels are in order, as a watch of its own.
struct Claim {
    watch: Watch,
    /// Whether its labels name the watch.
    is_named: bool,
    /// Where it stands among the workloads of the watch; those that stand alike are in the order of their addresses.
    order: u32,
}

/// Makes watches of what was `found`; the names that `is_configured` are not for it.
///
/// Workloads whose labels name the same watch are one watch, if all else agrees. One fault is enough for none of such a watch
/// to be there: with a part of its workloads it would deploy in another order.
pub fn plan<'a>(
    found: impl IntoIterator<Item = &'a Discovered>,
    rules: &Rules,
    is_configured: impl Fn(&WatchName) -> bool,
) -> Plan {
    let mut found: Vec<&Discovered> = found.into_iter().collect();
    found.sort_by(|a, b| a.workload.cmp(&b.workload));
    let mut plan = Plan::default();
    let mut claims: BTreeMap<WatchName, Vec<Claim>> = BTreeMap::new();
    for one in found {
        match claim(one, rules, &is_configured) {
            Ok(claim) => {
                let name = claim.watch.name.clone();
                claims.entry(name).or_default().push(claim);
            }
            Err(faults) => plan.faults.extend(faults),
        }
    }
    for (name, claims) in claims {
        match join(claims) {
            Ok(watch) => drop(plan.watches.insert(name, watch)),
            Err(faults) => plan.faults.extend(faults),
        }
    }
    for fault in &plan.faults {
        if let Some(name) = &fault.watch {
            plan.watches.remove(name);
        }
    }
    plan.faults.sort();
    plan
}

fn claim(
    found: &Discovered,
    rules: &Rules,
    is_configured: &impl Fn(&WatchName) -> bool,
) -> Result<Claim, Vec<Fault>> {
    let mut labels = Labels::new(&found.labels);
    labels.refuse_unknown();
    let named = labels.watch();
    let image = image(&found.image, rules);
    let image = labels.accept(image);
    let policy = labels.policy();
    let is_named = named.is_some();
    let name = named.unwrap_or_else(|| name::derive(&found.workload));
    if is_configured(&name) {
        labels.fault(format!(
            "its watch would be `{name}`, which the configuration has already; name another one by `registrywatcher.watch`"
        ));
    }
    let interval = labels.interval().unwrap_or(rules.interval);
    let min_interval = labels.min_interval().unwrap_or(rules.min_interval);
    let mode = labels.mode().unwrap_or_default();
    let drift = labels.drift().unwrap_or_default();
    let adopt = labels.adopt().unwrap_or_default();
    let parallel = labels.parallel().unwrap_or_default();
    let order = labels.order().unwrap_or_default();
    let problems = labels.into_problems();
    let (Some(image), Some(policy), true) = (image, policy, problems.is_empty()) else {
        let fault = |problem| Fault {
            workload: found.workload.clone(),
            watch: Some(name.clone()),
            problem,
        };
        return Err(problems.into_iter().map(fault).collect());
    };
    let watch = Watch {
        name,
        image,
        policy,
        workloads: vec![found.workload.clone()],
        interval,
        mode: match rules.mode {
            Mode::Deploy => mode,
            Mode::Observe => Mode::Observe,
        },
        drift,
        adopt,
        parallel,
        min_interval,
        formerly: None,
    };
    Ok(Claim {
        watch,
        is_named,
        order,
    })
}

/// The repository that a workload runs an image of, if its registry may be asked.
fn image(text: &str, rules: &Rules) -> Result<ImageReference, String> {
    let parse = |text: &str| {
        text.parse::<ImageReference>()
            .map_err(|error| format!("its image cannot be watched: {error}"))
    };
    let image = parse(text)?;
    let host = image.repository().registry();
    if !rules.registries.contains(host) {
        return Err(format!(
            "its image is of {host}, which is not configured; `[registries.\"{host}\"]` lets discovered workloads be of it"
        ));
    }
    parse(image.spelling())
}

/// One watch of all that claim its name.
fn join(mut claims: Vec<Claim>) -> Result<Watch, Vec<Fault>> {
    claims.sort_by_key(|claim| claim.order);
    let is_shared = claims.len() > 1;
    let unnamed = claims.iter().filter(|claim| !claim.is_named);
    let unnamed: Vec<Fault> = unnamed
        .map(|Claim { watch, .. }| {
            let name = &watch.name;
            let problem = format!(
                "its watch would be `{name}`, as that of another workload; name it by `registrywatcher.watch`"
            );
            fault_of(watch, problem)
        })
        .collect();
    if is_shared && !unnamed.is_empty() {
        return Err(unnamed);
    }
    let mut claims = claims.into_iter().map(|claim| claim.watch);
    let Some(mut joined) = claims.next() else {
        return Err(Vec::new());
    };
    let mut faults = Vec::new();
    for watch in claims {
        if let Some(what) = difference(&joined, &watch) {
            let (name, first) = (&watch.name, &joined.workloads[0]);
            let problem = format!(
                "it is to be watched by `{name}` as `{first}` is, but its {what} is another; write the same for both"
            );
            faults.push(fault_of(&watch, problem));
        } else {
            joined.workloads.extend(watch.workloads);
        }
    }
    if faults.is_empty() {
        Ok(joined)
    } else {
        Err(faults)
    }
}

fn fault_of(watch: &Watch, problem: String) -> Fault {
    Fault {
        workload: watch.workloads[0].clone(),
        watch: Some(watch.name.clone()),
        problem,
    }
}

/// What two watches of the same name do not agree in.
fn difference(a: &Watch, b: &Watch) -> Option<&'static str> {
    [
        ("repository", a.repository() == b.repository()),
        ("policy", a.policy == b.policy),
        ("interval", a.interval == b.interval),
        ("min_interval", a.min_interval == b.min_interval),
        ("mode", a.mode == b.mode),
        ("drift", a.drift == b.drift),
        ("adopt", a.adopt == b.adopt),
        ("parallel", a.parallel == b.parallel),
    ]
    .into_iter()
    .find_map(|(what, agrees)| (!agrees).then_some(what))
}

#[cfg(test)]
mod tests;
