//! Tells pages that something they show changed, by Server-Sent Events; what changed they fetch anew.

use std::sync::Arc;
use std::time::Duration;

use futures::Stream;
use futures::stream::unfold;
use poem::http::StatusCode;
use poem::web::sse::{Event, SSE};
use poem::{IntoResponse, Response, handler};
use registrywatcher::event::EventId;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use crate::edge::Call;
use crate::site::Site;
use crate::visitor::Visitor;

/// How often a page is told that the connection is well, and it is looked whether its visitor still may see it.
const BEAT: Duration = Duration::from_secs(15);

/// How many events are read at a time.
const PAGE: u32 = 100;

/// One page that is followed.
struct Following {
    site: Arc<Site>,
    visitor: Visitor,
    last: EventId,
    _place: OwnedSemaphorePermit,
}

#[handler]
pub(crate) fn follow(call: Call) -> Response {
    let Ok(place) = Arc::clone(&call.site.streams).try_acquire_owned() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let following = Following {
        last: call.site.app.last_event(),
        site: call.site,
        visitor: call.visitor,
        _place: place,
    };
    SSE::new(following.events()).into_response()
}

impl Following {
    /// A message for each time that something changed, without saying what; they end when the visitor may see no more of it.
    fn events(self) -> impl Stream<Item = Event> {
        unfold(self, |mut following| async {
            let message = following.next().await?;
            Some((
                Event::message(message.to_owned()).event_type(message),
                following,
            ))
        })
    }

    async fn next(&mut self) -> Option<&'static str> {
        loop {
            if !self.may_still_see() {
                return None;
            }
            let events = self.site.app.events_after(None, self.last, PAGE);
            let Ok(events) = timeout(BEAT, events).await else {
                return Some("beat");
            };
            let events = events.ok()?;
            self.last = events.last()?.id;
            if events.iter().any(|event| self.visitor.sees_event(event)) {
                return Some("change");
            }
        }
    }

    fn may_still_see(&self) -> bool {
        match &self.visitor.token {
            None => self.site.door.is_open(),
            Some(token) => self
                .site
                .door
                .token(&token.hash)
                .is_some_and(|known| known == *token),
        }
    }
}
