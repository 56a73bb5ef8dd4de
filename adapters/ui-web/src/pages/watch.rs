use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use poem::handler;
use registrywatcher::app::{Explanation, WatchView, WorkloadView};
use registrywatcher::decision::{Gate, HoldReason};
use registrywatcher::deployment::Deployment;
use registrywatcher::intent::Request;
use registrywatcher::ports::DeploymentQuery;

use super::{overview, tags};
use crate::edge::Call;
use crate::fault::{Fault, sentence};
use crate::frame::{Banner, Frame, Here, Page};
use crate::moment::{Span, When};
use crate::parts::{Badge, ImageChip, Timeline, took};
use crate::sentence::Sentence;

/// How many deployments the picture and the table show.
const DEPLOYMENTS: u32 = 30;

/// How many tags are offered while somebody types.
const OFFERED: usize = 300;

#[derive(Template)]
#[template(path = "watch.html")]
struct Watch {
    frame: Frame,
    name: String,
    badge: Badge,
    about: About,
    workloads: Vec<Workload>,
    asked: Vec<String>,
    is_busy: bool,
    may_deploy: bool,
    control: Control,
    freeze: Option<Banner>,
    quarantine: Vec<Quarantined>,
    timeline: Option<Timeline>,
    deployments: Vec<Row>,
    tags: Vec<tags::Row>,
    admitted: usize,
    rejected: usize,
}

/// What is known of a watch as a whole.
struct About {
    repository: String,
    policy: String,
    remarks: Vec<&'static str>,
    fault: Option<String>,
    listed: Option<When>,
    interval: Span,
    wanted: Option<ImageChip>,
    unwanted: Option<String>,
}

/// What a visitor may do, and how what they may change is now.
struct Control {
    form_token: String,
    pinned: Option<String>,
    auto_deploy: bool,
    hold: Option<String>,
    offered: Vec<String>,
}

struct Workload {
    name: String,
    /// Where it is in its orchestrator.
    link: Option<String>,
    runs: ImageChip,
    sentence: Sentence,
    since: Option<When>,
    failed: Option<Failed>,
    deployment: Option<String>,
    gates: Vec<GateRow>,
}

/// A gate, and whether it is open.
struct GateRow {
    name: String,
    closed: Option<Sentence>,
}

struct Failed {
    image: ImageChip,
    why: String,
    href: String,
    when: When,
    restored: bool,
}

struct Quarantined {
    image: ImageChip,
    why: String,
    deployment: String,
    since: When,
}

/// One deployment in a table.
pub(crate) struct Row {
    pub(crate) href: String,
    pub(crate) image: ImageChip,
    pub(crate) workload: String,
    pub(crate) badge: Badge,
    pub(crate) cause: String,
    pub(crate) when: When,
    pub(crate) took: Span,
}

#[handler]
pub(crate) async fn show(call: Call) -> Result<Page, Fault> {
    let view = call.watch()?;
    let name = &view.watch.name;
    let explained = call.site.app.explain(name, OFFERED);
    let query = DeploymentQuery {
        watch: Some(name.clone()),
        limit: DEPLOYMENTS,
        ..DeploymentQuery::default()
    };
    let deployments = call.site.app.deployments(&query).await?;
    let now = call.site.now();
    let selection = explained.as_ref().and_then(|it| it.selection.as_ref());
    let rolls_out = view.workloads.iter().any(|it| it.in_flight.is_some());
    let page = Watch {
        frame: call.frame(Here::Watches, name.to_string()),
        name: name.to_string(),
        badge: Badge::of_status(view.status()),
        about: About::new(&view, now),
        workloads: workloads(&call, &view, explained.as_ref()),
        asked: view.requests.iter().map(asked).collect(),
        is_busy: rolls_out || !view.requests.is_empty(),
        may_deploy: call.visitor.may_deploy(),
        control: Control::new(&call, &view, explained.as_ref()),
        freeze: view.freeze.as_ref().map(|freeze| Banner::new(freeze, now)),
        quarantine: quarantine(&call, &view),
        timeline: Timeline::new(&deployments, now),
        deployments: deployments.iter().map(|it| Row::new(&call, it)).collect(),
        tags: tags::candidates(&call, &view).await?,
        admitted: selection.map_or(0, |selection| selection.admitted),
        rejected: selection.map_or(0, |selection| selection.rejected),
    };
    Page::of(&page)
}

impl About {
    fn new(view: &WatchView, now: DateTime<Utc>) -> Self {
        let wanted = view.wanted.as_ref().ok();
        Self {
            repository: view.watch.repository().to_string(),
            policy: view.watch.policy.to_string(),
            remarks: overview::remarks(view),
            fault: view.fault.as_deref().map(sentence),
            listed: view.listed_at.map(|at| When { at, now }),
            interval: Span(TimeDelta::from_std(view.watch.interval).unwrap_or_default()),
            wanted: wanted.map(|tag| ImageChip::of_tag(tag, view.wanted_image.as_ref())),
            unwanted: unwanted(view),
        }
    }
}

fn unwanted(view: &WatchView) -> Option<String> {
    let unwanted = view.wanted.as_ref().err()?.clone();
    Some(sentence(&HoldReason::from(unwanted).to_string()))
}

fn asked(request: &Request) -> String {
    format!(
        "{} asked for {}; it waits for {} of its workloads.",
        request.author,
        request.candidate.tag,
        request.pending.len()
    )
}

fn workloads(call: &Call, view: &WatchView, explained: Option<&Explanation>) -> Vec<Workload> {
    let workloads = view.workloads.iter().enumerate();
    workloads
        .map(|(index, it)| {
            let gates = explained.and_then(|explained| explained.gates.get(index));
            Workload::new(call, it, gates.map_or(&[], Vec::as_slice))
        })
        .collect()
}

impl Workload {
    fn new(call: &Call, view: &WorkloadView, gates: &[Gate]) -> Self {
        let now = call.site.now();
        let when = |at| When { at, now };
        let decided = view.decided.as_ref();
        Self {
            name: view.workload.to_string(),
            link: call.site.link(&view.workload),
            runs: ImageChip::of_runs(&view.runs),
            sentence: Sentence::of_workload(view, now),
            since: decided.map(|decided| when(decided.since)),
            failed: view.failed.as_ref().map(|failed| Failed {
                image: ImageChip::of_candidate(&failed.candidate),
                why: failed.reason.message().to_owned(),
                href: format!("/deployments/{}", failed.deployment),
                when: when(failed.at),
                restored: failed.restored,
            }),
            deployment: view
                .in_flight
                .as_ref()
                .map(|deployment| format!("/deployments/{}", deployment.id)),
            gates: gates
                .iter()
                .map(|gate| GateRow {
                    name: gate_name(gate.name),
                    closed: gate
                        .closed
                        .as_ref()
                        .map(|reason| Sentence::of_reason(reason, now)),
                })
                .collect(),
        }
    }
}

/// What a gate keeps back, in words.
fn gate_name(name: &str) -> String {
    let known = match name {
        "running_unknown" => "What runs is known",
        "observe_only" => "The watch may deploy",
        "auto_deploy_off" => "Auto-deploy is on",
        "would_downgrade" => "It is not lower than what runs",
        "operator_hold" => "Nobody holds the watch",
        "changed_outside" => "Nobody else deployed",
        "quarantined" => "The image did not fail before",
        "rolled_back" => "It was not rolled back",
        "frozen" => "Nothing is frozen",
        "waits_for" => "Its turn among the workloads",
        "backing_off" => "Enough time since the last one",
        "in_flight" => "Nothing else is rolling out",
        other => return other.replace('_', " "),
    };
    known.to_owned()
}

impl Control {
    fn new(call: &Call, view: &WatchView, explained: Option<&Explanation>) -> Self {
        let intent = &view.intent;
        let offered = explained.map(|it| it.candidates.as_slice());
        let offered = offered.unwrap_or_default().iter().map(ToString::to_string);
        let hold = intent.hold.as_ref();
        Self {
            form_token: call.visitor.form_token.clone(),
            pinned: intent.target.pinned().map(ToString::to_string),
            auto_deploy: intent.auto_deploy,
            hold: hold.map(|hold| format!("{}, by {}", hold.reason, hold.by)),
            offered: offered.collect(),
        }
    }
}

fn quarantine(call: &Call, view: &WatchView) -> Vec<Quarantined> {
    let now = call.site.now();
    let entries = call.site.app.quarantine(&view.watch.name);
    let entries = entries.into_iter().flatten();
    let rows = entries.map(|entry| Quarantined {
        image: ImageChip::of_candidate(&entry.candidate),
        why: entry.reason,
        deployment: entry.deployment.to_string(),
        since: When {
            at: entry.since,
            now,
        },
    });
    rows.collect()
}

impl Row {
    pub(crate) fn new(call: &Call, deployment: &Deployment) -> Self {
        let now = call.site.now();
        Self {
            href: format!("/deployments/{}", deployment.id),
            image: ImageChip::of_candidate(&deployment.candidate),
            workload: deployment.workload.to_string(),
            badge: Badge::of_state(&deployment.state),
            cause: deployment.cause.to_string(),
            when: When {
                at: deployment.created_at,
                now,
            },
            took: took(deployment, now),
        }
    }
}
