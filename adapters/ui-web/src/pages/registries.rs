#![expect(
    clippy::needless_pass_by_value,
    reason = "a handler owns what is taken from its request"
)]

use std::collections::BTreeMap;

use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use poem::handler;
use registrywatcher::app::RegistryHealth;
use registrywatcher::image::Repository;
use registrywatcher::ports::Quota;

use crate::edge::Call;
use crate::fault::{Fault, sentence};
use crate::frame::{Frame, Here, Page};
use crate::moment::{Span, When};
use crate::parts::{Badge, Look};

#[derive(Template)]
#[template(path = "registries.html")]
struct Registries {
    frame: Frame,
    rows: Vec<Row>,
}

struct Row {
    host: String,
    badge: Badge,
    watches: usize,
    seen: Option<When>,
    next: Option<When>,
    faults: Vec<(String, String)>,
    quota: Option<Left>,
}

/// What is left of a quota.
struct Left {
    remaining: u64,
    limit: u64,
    window: Option<Span>,
    told: When,
}

#[handler]
pub(crate) fn show(call: Call) -> Result<Page, Fault> {
    let now = call.site.now();
    let next = next_polls(&call);
    let found = call.site.app.registries(|name| call.visitor.sees(name));
    let rows = found.into_iter().map(|health| {
        let next = next.get(health.host.as_str()).copied();
        Row::new(health, next, now)
    });
    let page = Registries {
        frame: call.frame(Here::Registries, "Registries"),
        rows: rows.collect(),
    };
    Page::of(&page)
}

/// When each registry is asked next, by when the tags of its watches were listed last.
fn next_polls(call: &Call) -> BTreeMap<String, DateTime<Utc>> {
    let mut next: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
    for view in call.site.app.watches() {
        let Some(listed) = view
            .listed_at
            .filter(|_| call.visitor.sees(&view.watch.name))
        else {
            continue;
        };
        let due = listed + view.watch.interval;
        let host = view.watch.repository().registry().to_string();
        let known = next.entry(host).or_insert(due);
        *known = due.min(*known);
    }
    next
}

impl Row {
    fn new(health: RegistryHealth, next: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Self {
        let when = |at| When { at, now };
        let badge = match (health.faults.is_empty(), health.seen_at) {
            (false, _) => Badge::new(Look::Bad, "cannot be asked"),
            (true, None) => Badge::new(Look::Quiet, "not asked yet"),
            (true, Some(_)) => Badge::new(Look::Good, "well"),
        };
        let told =
            |(repository, fault): (Repository, String)| (repository.to_string(), sentence(&fault));
        Self {
            host: health.host.to_string(),
            badge,
            watches: health.watches,
            seen: health.seen_at.map(when),
            next: next
                .filter(|at| *at - now > TimeDelta::seconds(1))
                .map(when),
            faults: health.faults.into_iter().map(told).collect(),
            quota: health.quota.map(|quota| Left::new(&quota, now)),
        }
    }
}

impl Left {
    fn new(quota: &Quota, now: DateTime<Utc>) -> Self {
        let window = quota.window.map(TimeDelta::from_std);
        Self {
            remaining: quota.remaining,
            limit: quota.limit,
            window: window.and_then(Result::ok).map(Span),
            told: When {
                at: quota.told_at,
                now,
            },
        }
    }
}
