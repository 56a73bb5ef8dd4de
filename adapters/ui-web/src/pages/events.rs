use askama::Template;
use poem::handler;
use registrywatcher::event::{Event, Severity};
use registrywatcher::ports::{EventQuery, EventRange};
use registrywatcher::watch::WatchName;

use crate::edge::Call;
use crate::fault::Fault;
use crate::frame::{Frame, Here, Page};
use crate::moment::When;
use crate::parts::{Badge, Look};

/// How many events stand on a page.
const PAGE: u32 = 60;

#[derive(Template)]
#[template(path = "events.html")]
struct Events {
    frame: Frame,
    watch: String,
    names: Vec<String>,
    rows: Vec<Row>,
    first: Option<String>,
    next: Option<String>,
}

struct Row {
    when: When,
    badge: Badge,
    about: String,
    watch: Option<String>,
    text: String,
    deployment: Option<String>,
}

#[handler]
pub(crate) async fn show(call: Call) -> Result<Page, Fault> {
    let watch = match call.query.get("watch") {
        Some(name) => Some(call.site.watch(&call.visitor, name)?.watch.name.clone()),
        None => None,
    };
    let before = call.query.get("before").and_then(|text| text.parse().ok());
    let query = EventQuery {
        watch: watch.clone(),
        range: EventRange::Before(before),
        limit: PAGE,
    };
    let found = call.site.app.events(&query).await?;
    let next = found.last().filter(|_| found.len() == PAGE as usize);
    let next = next.map(|last| address(watch.as_ref(), Some(last.id)));
    let now = call.site.now();
    let rows = found.iter().filter(|event| call.visitor.sees_event(event));
    let names = call.site.app.watch_names().into_iter();
    let names = names.filter(|name| call.visitor.sees(name));
    let page = Events {
        frame: call.frame(Here::Events, "Events"),
        rows: rows
            .map(|event| Row::new(event, When { at: event.at, now }))
            .collect(),
        names: names.map(|name| name.to_string()).collect(),
        first: before.map(|_: u64| address(watch.as_ref(), None)),
        watch: watch.map(|name| name.to_string()).unwrap_or_default(),
        next,
    };
    Page::of(&page)
}

fn address(watch: Option<&WatchName>, before: Option<u64>) -> String {
    let watch = watch.map(|name| format!("watch={name}"));
    let before = before.map(|id| format!("before={id}"));
    let parts: Vec<String> = watch.into_iter().chain(before).collect();
    let separator = if parts.is_empty() { "" } else { "?" };
    format!("/events{separator}{}", parts.join("&"))
}

impl Row {
    fn new(event: &Event, when: When) -> Self {
        let subject = event.kind.subject();
        Self {
            when,
            badge: match event.kind.severity() {
                Severity::Info => Badge::new(Look::Quiet, "info"),
                Severity::Warning => Badge::new(Look::Waiting, "warning"),
                Severity::Error => Badge::new(Look::Bad, "error"),
            },
            about: event.about().to_owned(),
            watch: event.watch.as_ref().map(|name| format!("/watches/{name}")),
            text: event.kind.to_string(),
            deployment: subject.map(|subject| format!("/deployments/{}", subject.deployment)),
        }
    }
}
