use std::collections::BTreeMap;

use poem_openapi::Object;
use registrywatcher::app::{self, WatchView};
use registrywatcher::decision;
use registrywatcher::image::Tag;
use registrywatcher::policy;

use super::decision::Decision;
use super::watch::Wanted;
use super::workload::Running;
use super::{Intent, Timestamp};

/// How many tags are named that a policy rejects for the same reason.
const MOST_NAMED: usize = 5;

/// Why a watch does what it does.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Explanation {
    /// The name of the watch.
    watch: String,
    /// Whether the replica that answers attends to the watch; if it does not, what another one sees and decides is not known
    /// here, and left out.
    attended: bool,
    /// Which tag is wanted while it tracks, in words.
    policy: String,
    /// What an operator wants.
    intent: Intent,
    /// The tag that is wanted, or why none is.
    wanted: Wanted,
    /// What its policy makes of the tags that were last listed; left out if none were, as a policy of one fixed tag lists none.
    candidates: Option<Candidates>,
    /// Its workloads, in the order in which they are deployed to.
    workloads: Vec<ExplainedWorkload>,
}

/// What a policy makes of the tags that were last listed.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Candidates {
    /// When they were listed.
    listed_at: Option<Timestamp>,
    /// How many the policy admits.
    admitted: u64,
    /// How many it does not.
    rejected: u64,
    /// Those that are admitted, the one that the policy prefers first; as many as were asked for.
    items: Vec<Candidate>,
    /// Why the others are not admitted, the most frequent reason first.
    rejections: Vec<RejectedTags>,
}

/// A tag that the policy admits.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Candidate {
    /// The tag.
    tag: String,
    /// The version that the policy reads it as, if it orders by versions.
    version: Option<String>,
    /// Whether it is the wanted one.
    wanted: bool,
    /// Why it is, or why it is not, in a sentence for people.
    message: String,
}

/// Why a policy does not admit a tag.
#[derive(Debug, Object)]
pub(crate) struct Rejection {
    /// In one word, such as `not_a_version`, `prerelease` or `outside_range`; there may be new ones.
    name: String,
    /// In a sentence, for people.
    message: String,
}

/// The tags that a policy does not admit for the same reason.
#[derive(Debug, Object)]
pub(crate) struct RejectedTags {
    /// Why, in one word, such as `not_a_version`, `prerelease` or `outside_range`; there may be new ones.
    name: String,
    /// Why, in a sentence for people.
    message: String,
    /// How many there are.
    count: u64,
    /// Some of them; `listTags` has all.
    tags: Vec<String>,
}

/// What was decided on a workload, and everything that this depends on.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct ExplainedWorkload {
    /// Which workload: the deployer, and the address that only the deployer reads.
    name: String,
    /// What it runs.
    running: Running,
    /// What was last decided; left out before the first time.
    decision: Option<Decision>,
    /// Every gate that a deployment of what is wanted has to pass, as it stands now, whether or not that runs already; none where
    /// nothing is wanted.
    gates: Vec<Gate>,
    /// When all of the closed gates will be open, if each of them opens by itself.
    earliest: Option<Timestamp>,
}

/// One thing that may stand in the way of a deployment.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Gate {
    /// In one word, such as `auto_deploy_off`, `quarantined`, `rolled_back` or `frozen`; there may be new ones.
    name: String,
    /// Whether it stands in the way now.
    closed: bool,
    /// Why, in a sentence for people; given when it is closed.
    message: Option<String>,
    /// When it opens by itself, if that is known.
    until: Option<Timestamp>,
}

impl From<app::Explanation> for Explanation {
    fn from(explanation: app::Explanation) -> Self {
        let app::Explanation {
            view,
            selection,
            candidates,
            gates,
        } = explanation;
        let candidates = selection.map(|selection| Candidates::new(&view, &selection, &candidates));
        let workloads = view.workloads.iter().cloned().zip(gates);
        Self {
            watch: view.watch.name.to_string(),
            attended: view.attended,
            policy: view.watch.policy.to_string(),
            wanted: Wanted::from(&view),
            candidates,
            workloads: workloads.map(ExplainedWorkload::from).collect(),
            intent: view.intent.into(),
        }
    }
}

impl Candidates {
    fn new(view: &WatchView, selection: &policy::Selection, admitted: &[Tag]) -> Self {
        let candidates = admitted.iter();
        Self {
            listed_at: view.listed_at.map(Timestamp::from),
            admitted: selection.admitted as u64,
            rejected: selection.rejected as u64,
            items: candidates.map(|tag| Candidate::new(view, tag)).collect(),
            rejections: rejections(view),
        }
    }
}

impl Candidate {
    fn new(view: &WatchView, tag: &Tag) -> Self {
        let version = view.watch.policy.version_of(tag);
        let is_pinned = view.intent.target.pinned().is_some();
        let message = match &view.wanted {
            Ok(wanted) if wanted == tag && is_pinned => "the watch is pinned to it".to_owned(),
            Ok(wanted) if wanted == tag => "the policy prefers it".to_owned(),
            Ok(wanted) if is_pinned => format!("the watch is pinned to {wanted}"),
            Ok(wanted) => format!("the policy prefers {wanted}"),
            Err(unwanted) => decision::HoldReason::from(unwanted.clone()).to_string(),
        };
        Self {
            tag: tag.to_string(),
            version: version.map(|version| version.to_string()),
            wanted: view.wanted.as_ref() == Ok(tag),
            message,
        }
    }
}

/// Why the tags are not admitted that are not, the most frequent reason first.
fn rejections(view: &WatchView) -> Vec<RejectedTags> {
    let mut by_reason: BTreeMap<policy::Rejection, (u64, Vec<String>)> = BTreeMap::new();
    for text in view.tags.iter().flat_map(|tags| tags.iter()) {
        let Ok(tag) = text.parse::<Tag>() else {
            continue;
        };
        let Err(rejection) = view.watch.policy.admit(&tag) else {
            continue;
        };
        let (count, named) = by_reason.entry(rejection).or_default();
        *count += 1;
        if named.len() < MOST_NAMED {
            named.push(text.to_owned());
        }
    }
    let rejected = by_reason.into_iter();
    let rejected = rejected.map(|(reason, (count, tags))| RejectedTags {
        name: reason.name().to_owned(),
        message: reason.to_string(),
        count,
        tags,
    });
    let mut rejected: Vec<_> = rejected.collect();
    rejected.sort_by_key(|tags| std::cmp::Reverse(tags.count));
    rejected
}

impl From<policy::Rejection> for Rejection {
    fn from(rejection: policy::Rejection) -> Self {
        Self {
            name: rejection.name().to_owned(),
            message: rejection.to_string(),
        }
    }
}

impl From<(app::WorkloadView, Vec<decision::Gate>)> for ExplainedWorkload {
    fn from((view, gates): (app::WorkloadView, Vec<decision::Gate>)) -> Self {
        let closed = gates.iter().filter_map(|gate| gate.closed.as_ref());
        // Only if each of them opens with time is it known when the last one does.
        let opening: Option<Vec<_>> = closed.map(decision::HoldReason::until).collect();
        let earliest = opening.and_then(|moments| moments.into_iter().max());
        Self {
            name: view.workload.to_string(),
            running: Running::from(&view.runs),
            decision: view.decided.map(Decision::from),
            gates: gates.into_iter().map(Gate::from).collect(),
            earliest: earliest.map(Timestamp::from),
        }
    }
}

impl From<decision::Gate> for Gate {
    fn from(gate: decision::Gate) -> Self {
        let closed = gate.closed.as_ref();
        Self {
            name: gate.name.to_owned(),
            closed: closed.is_some(),
            message: closed.map(ToString::to_string),
            until: closed
                .and_then(decision::HoldReason::until)
                .map(Timestamp::from),
        }
    }
}
