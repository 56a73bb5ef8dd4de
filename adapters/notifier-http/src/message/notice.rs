use registrywatcher::event::{Event, EventKind, Severity};

use super::{Fact, Message, Tone, identity};

/// What one kind of event says about a watch.
struct Notice {
    title: String,
    /// What happened, after the name of the watch.
    happened: String,
    detail: String,
    facts: Vec<Fact>,
}

/// Tells of a request that is dropped, and of whatever else somebody should look at. That an image is quarantined was told
/// with the deployment that failed.
pub(super) fn message(event: &Event) -> Option<Message> {
    if matches!(event.kind, EventKind::ImageQuarantined { .. }) {
        return None;
    }
    let tone = match event.kind.severity() {
        Severity::Info => return None,
        Severity::Warning => Tone::Warning,
        Severity::Error => Tone::Error,
    };
    let notice = Notice::of(&event.kind);
    Some(Message {
        tone,
        title: notice.title,
        headline: format!("{}: {}", event.about(), notice.happened),
        detail: notice.detail,
        facts: notice.facts,
        identity: identity(event),
        at: event.at,
    })
}

impl Notice {
    fn of(kind: &EventKind) -> Self {
        match kind {
            EventKind::RequestDropped { request, reason } => Self {
                title: "Request dropped".to_owned(),
                happened: "a request for a deployment was dropped".to_owned(),
                detail: reason.clone(),
                facts: vec![Fact::long("Request", request.to_string())],
            },
            other => Self {
                title: words(other.name()),
                happened: other.to_string(),
                detail: String::new(),
                facts: Vec::new(),
            },
        }
    }
}

/// `watch_retired` as `Watch retired`.
fn words(name: &str) -> String {
    let mut words = name.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}
