//! What is stored of a deployment, as spans.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use registrywatcher::deployment::{Cause, Deployment, State};
use registrywatcher::event::{Event, EventKind};
use sha2::{Digest, Sha256};

/// The whole way: from the moment that the release was seen, or asked for, to the end of the deployment.
const WAY: &str = "deploy";

/// From there to the moment that the deployment was recorded.
const DECISION: &str = "decide";

/// The trace of `deployment`, which has ended; `events` are those of its watch, oldest first, and `seen` is when its release
/// was seen.
pub(super) fn of(
    deployment: &Deployment,
    events: &[Event],
    seen: Option<DateTime<Utc>>,
    scope: &InstrumentationScope,
) -> Vec<SpanData> {
    let Some(end) = end(&deployment.state) else {
        return Vec::new();
    };
    let created = deployment.created_at;
    let start = asked(deployment, events).or(seen).unwrap_or(created);
    let trace = Trace { deployment, scope };
    let mut phases = vec![(DECISION, start), ("wait", created)];
    phases.extend(events.iter().filter_map(|event| phase(deployment, event)));
    let ends = phases.iter().skip(1).map(|(_, at)| *at).chain([end]);
    let mut spans: Vec<SpanData> = phases
        .iter()
        .zip(ends)
        .enumerate()
        .map(|(index, ((name, at), end))| trace.span(index + 1, name, *at, end))
        .collect();
    spans[0].attributes.extend(decision(deployment));
    let mut way = trace.span(0, WAY, start, end);
    way.status = status(&deployment.state);
    spans.insert(0, way);
    spans
}

struct Trace<'a> {
    deployment: &'a Deployment,
    scope: &'a InstrumentationScope,
}

impl Trace<'_> {
    /// The `index`th span; all but the first are inside that one.
    fn span(
        &self,
        index: usize,
        name: &'static str,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> SpanData {
        let trace = TraceId::from_bytes(self.deployment.id.0.into_bytes());
        let parent = if index == 0 {
            SpanId::INVALID
        } else {
            self.span_id(0)
        };
        SpanData {
            span_context: SpanContext::new(
                trace,
                self.span_id(index),
                TraceFlags::SAMPLED,
                false,
                TraceState::default(),
            ),
            parent_span_id: parent,
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: name.into(),
            start_time: moment(start),
            // Two replicas may have told the time.
            end_time: moment(end.max(start)),
            attributes: self.attributes(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: self.scope.clone(),
        }
    }

    /// The same whenever and by whomever the trace is made.
    fn span_id(&self, index: usize) -> SpanId {
        let hash = Sha256::new()
            .chain_update(self.deployment.id.0.as_bytes())
            .chain_update(index.to_be_bytes())
            .finalize();
        let mut id = [0; 8];
        id.copy_from_slice(&hash[..8]);
        SpanId::from_bytes(id)
    }

    fn attributes(&self) -> Vec<KeyValue> {
        let deployment = self.deployment;
        vec![
            KeyValue::new("deployment.id", deployment.id.to_string()),
            KeyValue::new("deployment.cause", deployment.cause.name()),
            KeyValue::new("deployment.attempt", i64::from(deployment.attempt)),
            KeyValue::new("deployment.outcome", deployment.state.name()),
            KeyValue::new("watch.name", deployment.watch.to_string()),
            KeyValue::new("workload.name", deployment.workload.to_string()),
            KeyValue::new("image.repository", deployment.repository().to_string()),
            KeyValue::new("image.tag", deployment.tag().to_string()),
            KeyValue::new("image.digest", deployment.image().digest.to_string()),
        ]
    }
}

/// Why, and how it came through the gates: nothing is deployed before all are open, but what somebody asks for passes most.
fn decision(deployment: &Deployment) -> [KeyValue; 2] {
    let gates = match deployment.cause {
        Cause::Requested { .. } => "passed by request",
        _ => "open",
    };
    [
        KeyValue::new("decision.reason", deployment.cause.to_string()),
        KeyValue::new("decision.gates", gates),
    ]
}

fn asked(deployment: &Deployment, events: &[Event]) -> Option<DateTime<Utc>> {
    let served = deployment.cause.request()?;
    let asks = |event: &&Event| matches!(event.kind, EventKind::DeploymentAsked { request, .. } if request == served);
    events.iter().find(asks).map(|event| event.at)
}

/// What begins with `event`, if it moves `deployment` on.
fn phase(deployment: &Deployment, event: &Event) -> Option<(&'static str, DateTime<Utc>)> {
    let subject = event.kind.subject()?;
    if subject.deployment != deployment.id {
        return None;
    }
    let name = match event.kind {
        EventKind::DeploymentStarted { .. } => "apply",
        EventKind::DeploymentAccepted { .. } => "roll",
        EventKind::DeploymentAwaitsPromotion { .. } => "await promotion",
        _ => return None,
    };
    Some((name, event.at))
}

fn end(state: &State) -> Option<DateTime<Utc>> {
    match state {
        State::Succeeded { at }
        | State::Failed { at, .. }
        | State::Superseded { at, .. }
        | State::Abandoned { at, .. } => Some(*at),
        _ => None,
    }
}

fn status(state: &State) -> Status {
    match state {
        State::Succeeded { .. } => Status::Ok,
        State::Failed { reason, .. } => Status::error(reason.to_string()),
        _ => Status::Unset,
    }
}

fn moment(at: DateTime<Utc>) -> SystemTime {
    let micros = u64::try_from(at.timestamp_micros()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_micros(micros)
}
