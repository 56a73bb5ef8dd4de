use std::sync::Arc;
use std::time::Duration;

use poem::web::sse;
use poem_openapi::types::ToJSON;
use registrywatcher::app::App;
use registrywatcher::event::{self, EventId};
use registrywatcher::ports::{EventQuery, EventRange, StoreError};
use registrywatcher::watch::WatchName;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{sleep, timeout};
use tracing::Instrument;

use super::payload::EventStream;
use crate::access::{Access, Caller};
use crate::wire::Event;

/// How often it is looked whether the caller still may see what they see.
const BETWEEN_CHECKS: Duration = Duration::from_mins(1);

/// How long a client may take nothing; one that stands still must not keep others from their places for ever.
const PATIENCE: Duration = Duration::from_mins(1);

/// How many events are read, and so held, at a time.
const PAGE: u32 = 100;

/// Telling one client what happens.
pub(super) struct Following {
    pub(super) app: Arc<App>,
    pub(super) access: Arc<Access>,
    pub(super) caller: Caller,
    /// Of which watch; of all that the caller may see otherwise.
    pub(super) watch: Option<WatchName>,
    /// The last event that needs not be told any more.
    pub(super) last: EventId,
}

impl Following {
    /// Reads what happened already, and tells it and the rest beside the request that asked for it, which is answered.
    ///
    /// It goes on until the client is gone, may not see it any more or takes nothing, or the service stops. Whoever takes
    /// slowly is waited for: there is never more in memory than a page.
    pub(super) async fn begin(
        mut self,
        place: OwnedSemaphorePermit,
    ) -> Result<EventStream, StoreError> {
        let query = EventQuery {
            watch: self.watch.clone(),
            range: EventRange::After(self.last),
            limit: PAGE,
        };
        let page = self.app.events(&query).await?;
        let (client, told) = mpsc::channel(1);
        let refused = refused(Arc::clone(&self.access), self.caller.clone());
        let to_its_end = async move {
            tokio::select! {
                biased;
                () = client.closed() => {}
                () = refused => tracing::info!("the token is not valid any more: its stream ends"),
                () = self.tell(page, &client) => {}
            }
            drop(place);
        };
        tokio::spawn(to_its_end.in_current_span());
        Ok(EventStream(told))
    }

    async fn tell(&mut self, mut page: Vec<event::Event>, client: &mpsc::Sender<sse::Event>) {
        loop {
            for event in page {
                self.last = event.id;
                if !self.caller.sees_event(&event) {
                    continue;
                }
                if timeout(PATIENCE, client.send(told(event))).await.is_err() {
                    tracing::info!("a client takes no events: its stream ends");
                    return;
                }
            }
            let next = self.app.events_after(self.watch.as_ref(), self.last, PAGE);
            page = match next.await {
                Ok(page) if page.is_empty() => return,
                Ok(page) => page,
                Err(error) => {
                    tracing::warn!("a stream of events ends: {error}");
                    return;
                }
            };
        }
    }
}

/// Returns once `caller` would not be admitted any more.
async fn refused(access: Arc<Access>, caller: Caller) {
    while access.still_valid(&caller) {
        sleep(BETWEEN_CHECKS).await;
    }
}

fn told(event: event::Event) -> sse::Event {
    let kind = event.kind.name();
    let event = Event::from(event);
    sse::Event::message(event.to_json_string())
        .id(event.id().to_string())
        .event_type(kind)
}
