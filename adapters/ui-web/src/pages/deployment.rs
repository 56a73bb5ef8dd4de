use askama::Template;
use chrono::TimeDelta;
use poem::handler;
use registrywatcher::deployment::{Cause, Deployment, DeploymentId, State};
use registrywatcher::event::{Event, EventKind};
use registrywatcher::ports::{EventQuery, EventRange};

use crate::edge::Call;
use crate::fault::Fault;
use crate::frame::{Frame, Here, Page};
use crate::moment::{OnTheClock, Span, When};
use crate::parts::{Badge, ImageChip, Look, took};

/// How many events are read at a time, and how many times, to find those of a deployment.
const EVENTS: u32 = 200;
const TIMES: u32 = 10;

#[derive(Template)]
#[template(path = "deployment.html")]
struct Shown {
    frame: Frame,
    id: String,
    watch: String,
    title: String,
    workload: String,
    /// Where it is in its orchestrator.
    link: Option<String>,
    badge: Badge,
    image: ImageChip,
    from: ImageChip,
    digest: String,
    cause: String,
    /// The deployment that it makes up for.
    failed: Option<String>,
    successor: Option<String>,
    began: When,
    took: Span,
    attempt: u32,
    forced: bool,
    steps: Vec<Step>,
    progress: Option<String>,
    /// The orchestrator's words.
    failure: Option<Failure>,
    gives_up: Option<When>,
    choices: Choices,
    is_busy: bool,
}

/// What the visitor may do about it.
struct Choices {
    may_promote: bool,
    may_abandon: bool,
}

struct Failure {
    message: String,
    what: &'static str,
    restored: bool,
}

/// A state that it was in.
struct Step {
    look: Look,
    told: String,
    at: OnTheClock,
    /// How long after it was wanted.
    after: Option<Span>,
}

/// The deployment of the path, if the visitor may know of its watch.
pub(crate) async fn seen(call: &Call) -> Result<Deployment, Fault> {
    let id: DeploymentId = call.subject.parse().map_err(|_| Fault::no_deployment())?;
    let found = call.site.app.deployment(id).await?;
    let found = found.filter(|found| call.visitor.sees(&found.watch));
    found.ok_or_else(Fault::no_deployment)
}

#[handler]
pub(crate) async fn show(call: Call) -> Result<Page, Fault> {
    let of = seen(&call).await?;
    let now = call.site.now();
    let when = |at| When { at, now };
    let is_open = !of.state.is_terminal();
    let may_deploy = call.visitor.may_deploy();
    let previous = of.previous.as_ref();
    let page = Shown {
        frame: call.frame(Here::Watches, format!("{} on {}", of.tag(), of.watch)),
        id: of.id.to_string(),
        watch: of.watch.to_string(),
        title: format!("{} on {}", of.tag(), of.watch),
        workload: of.workload.to_string(),
        link: call.site.link(&of.workload),
        badge: Badge::of_state(&of.state),
        image: ImageChip::of_candidate(&of.candidate),
        from: ImageChip::new(
            previous.and_then(|previous| previous.tag.as_ref()),
            previous.and_then(|previous| previous.digest.as_ref()),
        ),
        digest: of.image().digest.to_string(),
        cause: crate::fault::sentence(&of.cause.to_string()),
        failed: failed(&of.cause),
        successor: successor(&of),
        began: when(of.created_at),
        took: took(&of, now),
        attempt: of.attempt,
        forced: of.forced,
        steps: steps(&call, &of).await?,
        progress: progress(&call, &of),
        failure: failure(&of.state),
        gives_up: is_open.then(|| when(of.deadline)),
        choices: Choices {
            may_promote: may_deploy && matches!(of.state, State::AwaitingPromotion { .. }),
            may_abandon: may_deploy && is_open,
        },
        is_busy: is_open,
    };
    Page::of(&page)
}

fn failed(cause: &Cause) -> Option<String> {
    match cause {
        Cause::Restore { failed } => Some(format!("/deployments/{failed}")),
        _ => None,
    }
}

fn successor(of: &Deployment) -> Option<String> {
    let by = match &of.state {
        State::Superseded { by, .. } => by.or(of.superseded_by),
        _ => of.superseded_by,
    };
    by.map(|by| format!("/deployments/{by}"))
}

fn failure(state: &State) -> Option<Failure> {
    let State::Failed {
        reason, restored, ..
    } = state
    else {
        return None;
    };
    Some(Failure {
        message: reason.message().to_owned(),
        what: if reason.blames_image() {
            "The image is to blame, and in quarantine until somebody releases it."
        } else {
            "The image is not to blame, so it is tried again later."
        },
        restored: *restored,
    })
}

/// What it waits for, in the deployer's words.
fn progress(call: &Call, of: &Deployment) -> Option<String> {
    let view = call.site.app.watch(&of.watch)?;
    let mut workloads = view.workloads.into_iter();
    let is_it = |id: &Deployment| id.id == of.id;
    workloads
        .find(|it| it.in_flight.as_ref().is_some_and(is_it))?
        .progress
}

/// Its states with their times, by the events that tell of them; where these are too old, by what is kept of itself.
async fn steps(call: &Call, of: &Deployment) -> Result<Vec<Step>, Fault> {
    let mut events = told(call, of).await?;
    events.reverse();
    let now = call.site.now();
    let step = |look, told: &str, at| {
        let after = at - of.created_at;
        Step {
            look,
            told: told.to_owned(),
            at: OnTheClock(When { at, now }),
            after: (after >= TimeDelta::seconds(1)).then_some(Span(after)),
        }
    };
    let steps = events.iter().filter_map(|event| {
        let (look, told) = step_of(&event.kind)?;
        Some(step(look, &told, event.at))
    });
    let mut steps: Vec<Step> = steps.collect();
    if steps.is_empty() {
        steps.push(step(Look::Quiet, "Wanted", of.created_at));
        if let Some(at) = of.state.ended_at() {
            let badge = Badge::of_state(&of.state);
            steps.push(step(badge.look, &badge.word, at));
        }
    }
    Ok(steps)
}

async fn told(call: &Call, of: &Deployment) -> Result<Vec<Event>, Fault> {
    let mut found = Vec::new();
    let mut before = None;
    for _ in 0..TIMES {
        let query = EventQuery {
            watch: Some(of.watch.clone()),
            range: EventRange::Before(before),
            limit: EVENTS,
        };
        let page = call.site.app.events(&query).await?;
        let is_last =
            page.len() < EVENTS as usize || page.last().is_some_and(|last| last.at < of.created_at);
        before = page.last().map(|last| last.id);
        found.extend(page.into_iter().filter(|event| {
            let subject = event.kind.subject();
            subject.is_some_and(|subject| subject.deployment == of.id)
        }));
        if is_last {
            break;
        }
    }
    Ok(found)
}

fn step_of(kind: &EventKind) -> Option<(Look, String)> {
    Some(match kind {
        EventKind::DeploymentCreated { .. } => (Look::Quiet, "Wanted".to_owned()),
        EventKind::DeploymentStarted { .. } => (Look::Busy, "The orchestrator is asked".to_owned()),
        EventKind::DeploymentAccepted { .. } => {
            (Look::Busy, "It accepted, and rolls out".to_owned())
        }
        EventKind::DeploymentAwaitsPromotion { .. } => (
            Look::Waiting,
            "The canaries are healthy, and wait to be promoted".to_owned(),
        ),
        EventKind::PromotionAsked { by, .. } => (Look::Busy, format!("{by} promoted them")),
        EventKind::DeploymentSucceeded { .. } => (Look::Good, "It runs, and is healthy".to_owned()),
        EventKind::DeploymentFailed { restored, .. } => (
            Look::Bad,
            if *restored {
                "It failed, and what ran before runs again".to_owned()
            } else {
                "It failed".to_owned()
            },
        ),
        EventKind::DeploymentSuperseded { .. } => {
            (Look::Held, "Another one took its place".to_owned())
        }
        EventKind::DeploymentAbandoned { reason, by, .. } => (
            Look::Held,
            match by {
                Some(by) => format!("{by} gave it up: {reason}"),
                None => format!("It was given up: {reason}"),
            },
        ),
        _ => return None,
    })
}
