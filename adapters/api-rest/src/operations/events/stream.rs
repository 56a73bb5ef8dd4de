mod following;
mod payload;

use std::sync::Arc;
use std::time::Duration;

use poem::web::Data;
use poem_openapi::param::{Header, Query};
use poem_openapi::{ApiResponse, OpenApi};
use registrywatcher::watch::WatchName;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::access::Access;
use crate::operations::{Group, Served, view};
use crate::permitted::{Across, Permitted, Viewing};
use crate::problem::{Failure, Fault, Kind, Problems};
use following::Following;
use payload::EventStream;

/// When to try again while too many streams are open.
const RETRY_AFTER: Duration = Duration::from_secs(15);

/// What all streams go by: how many may be open at the same time, and who may still follow.
#[derive(Clone)]
pub(crate) struct Streams {
    places: Arc<Semaphore>,
    access: Arc<Access>,
}

impl Streams {
    pub(crate) fn new(count: usize, access: Arc<Access>) -> Self {
        let places = Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Self { places, access }
    }

    /// A place, until it is dropped.
    fn take_place(&self) -> Result<OwnedSemaphorePermit, Fault> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        place.map_err(|_| Fault {
            retry_after: Some(RETRY_AFTER),
            ..Fault::new(
                Kind::TooManyStreams,
                "as many event streams are open as there may be; ask for pages of `/api/v1/events` meanwhile",
            )
        })
    }
}

#[derive(ApiResponse)]
enum Answer {
    /// Events as they happen, until either side ends it.
    #[oai(status = 200)]
    Following(EventStream),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[
        Kind::Invalid,
        Kind::UnknownWatch,
        Kind::StoreUnavailable,
        Kind::TooManyStreams,
    ];
}

pub(crate) struct StreamEvents;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Events")]
impl StreamEvents {
    /// Follow events
    ///
    /// As Server-Sent Events, oldest first: `id` is the event's, `event` its kind, and `data` the event in JSON, as it stands in
    /// the list of events. A comment is sent every 15 seconds, so that nobody takes silence for a broken connection.
    ///
    /// What a stream ended by is not told; a client comes back with the last `id` it saw, and misses nothing. It ends when the
    /// service stops, when the token is revoked or expires (within a minute), when the client takes nothing for a minute, and
    /// when the store fails.
    ///
    /// A token that is for some watches sees the events of these, and of those that concern all only freezes.
    #[oai(path = "/events/stream", method = "get", operation_id = "streamEvents")]
    async fn stream_events(
        &self,
        caller: Permitted<Across<Viewing>>,
        app: Served<'_>,
        streams: Data<&Streams>,
        /// Only those of this watch, without those that concern all.
        watch: Query<Option<String>>,
        /// Only those after this one; left out, those that happen from now on.
        #[oai(validator(maximum(value = "9007199254740991")))]
        after: Query<Option<u64>>,
        /// The last event that was seen, as browsers say it when they come back; it wins over `after`.
        #[oai(name = "Last-Event-ID", validator(maximum(value = "9007199254740991")))]
        last_event_id: Header<Option<u64>>,
    ) -> Result<Answer, Failure<Refusals>> {
        let watch = watch.0.map(|name| seen(&caller, &app, &name)).transpose()?;
        let place = streams.take_place()?;
        let following = Following {
            last: last_event_id
                .0
                .or(after.0)
                .unwrap_or_else(|| app.last_event()),
            app: Arc::clone(&app),
            access: Arc::clone(&streams.access),
            caller: caller.clone(),
            watch,
        };
        Ok(Answer::Following(following.begin(place).await?))
    }
}

/// The watch of this name, if there is one that the caller may know of.
fn seen(
    caller: &Permitted<Across<Viewing>>,
    app: &Served<'_>,
    name: &str,
) -> Result<WatchName, Fault> {
    let watch = view(app, name)?.watch.name.clone();
    caller.ensure_sees(name)?;
    Ok(watch)
}
