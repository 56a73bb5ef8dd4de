use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use registrywatcher::app::App;
use registrywatcher::event;
use registrywatcher::ports::{EventQuery, EventRange};
use tokio::time::{Instant, timeout_at};

use crate::ServerInfo;
use crate::access::Caller;
use crate::operations::waiting::patience;
use crate::operations::{Group, Served};
use crate::permitted::{Across, Permitted, Viewing};
use crate::problem::{Failure, Fault, Kind, Problems};
use crate::wire::{Event, Filling, Limit, default_limit};

/// A page of events.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct EventPage {
    /// The events: oldest first with `after`, otherwise newest first.
    items: Vec<Event>,
    /// What to give as `after` or `before`, whichever was given (or else `before`), to get the next page; left out on the
    /// last one.
    next: Option<u64>,
}

#[derive(ApiResponse)]
enum Answer {
    /// A page of events.
    #[oai(status = 200)]
    Listed(Json<EventPage>),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[Kind::Invalid, Kind::StoreUnavailable];
}

pub(crate) struct ListEvents;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Events")]
impl ListEvents {
    /// List events
    ///
    /// Newest first; or, with `after`, oldest first from there on. To follow what happens, ask again and again with the last
    /// event's identity as `after`, and with `wait`.
    #[oai(path = "/events", method = "get", operation_id = "listEvents")]
    async fn list_events(
        &self,
        caller: Permitted<Across<Viewing>>,
        app: Served<'_>,
        limits: Data<&ServerInfo>,
        /// Only those of this watch, without those that concern all.
        watch: Query<Option<String>>,
        /// Only those after this one, oldest first.
        #[oai(validator(maximum(value = "9007199254740991")))]
        after: Query<Option<u64>>,
        /// Only those before this one, newest first.
        #[oai(validator(maximum(value = "9007199254740991")))]
        before: Query<Option<u64>>,
        /// How many items the page has at most.
        #[oai(
            default = "default_limit",
            validator(minimum(value = "1"), maximum(value = "200"))
        )]
        limit: Query<u32>,
        /// With `after`: how many seconds to wait for an event where there is none yet; the answer comes earlier where the server
        /// takes less time for a request.
        #[oai(default, validator(maximum(value = "60")))]
        wait: Query<u32>,
    ) -> Result<Answer, Failure<Refusals>> {
        let limit = Limit(limit.0);
        let range = match (after.0, before.0) {
            (Some(_), Some(_)) => {
                return Err(Fault::invalid("after", "does not go together with `before`").into());
            }
            (Some(after), None) => EventRange::After(after),
            (None, before) => EventRange::Before(before),
        };
        let watch = watch.0.map(|name| name.parse()).transpose();
        let mut query = EventQuery {
            watch: watch.map_err(|error| Fault::invalid("watch", format!("{error}")))?,
            range,
            limit: limit.to_read(),
        };
        let until = (wait.0 > 0).then(|| Instant::now() + patience(wait.0, &limits));
        let (items, next) = loop {
            let page = read(&app, &caller, &query, limit).await?;
            let last = page.last();
            let (items, next) = page.page(|event| event.id);
            let (EventRange::After(after), Some(until)) = (query.range, until) else {
                break (items, next);
            };
            if !items.is_empty() || next.is_some() {
                break (items, next);
            }
            let after = last.unwrap_or(after);
            let coming = app.events_after(query.watch.as_ref(), after, 1);
            let Ok(coming) = timeout_at(until, coming).await else {
                break (items, next);
            };
            if coming?.is_empty() {
                // The service stops.
                break (items, next);
            }
            query.range = EventRange::After(after);
        };
        let items = items.into_iter().map(Event::from).collect();
        Ok(Answer::Listed(Json(EventPage { items, next })))
    }
}

/// Reads what `caller` may see.
async fn read(
    app: &App,
    caller: &Caller,
    query: &EventQuery,
    limit: Limit,
) -> Result<Filling<event::Event, event::EventId>, Fault> {
    let mut page = Filling::new(limit);
    while page.wants_more() {
        let range = match (page.last(), query.range) {
            (None, range) => range,
            (Some(last), EventRange::After(_)) => EventRange::After(last),
            (Some(last), EventRange::Before(_)) => EventRange::Before(Some(last)),
        };
        let query = EventQuery {
            range,
            ..query.clone()
        };
        let is_seen = |event: &event::Event| caller.sees_event(event);
        page.add(app.events(&query).await?, is_seen, |event| event.id);
    }
    Ok(page)
}
