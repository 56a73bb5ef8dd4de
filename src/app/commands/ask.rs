use chrono::TimeDelta;

use super::{CommandError, add_request};
use crate::app::App;
use crate::app::wait::Asked;
use crate::event::EventKind;
use crate::intent::{Once, Request};
use crate::ports::{EventQuery, EventRange, StoreError};
use crate::watch::{Watch, WatchName};

/// How long a demand is recognised that is made again.
const REMEMBERED: TimeDelta = TimeDelta::days(1);

/// How many events are read at a time.
const PAGE: u32 = 200;

/// How often it is looked anew whether a demand was made before, because somebody else was faster.
const ATTEMPTS: u32 = 5;

impl App {
    /// Stores a request, and acts on it at once; if it is to be made only once, and was, that one is given.
    pub(super) async fn ask(
        &self,
        watch: &Watch,
        mut request: Request,
        once: Option<Once>,
    ) -> Result<Asked, CommandError> {
        if let Some(once) = once {
            request.id = once.request();
        }
        for _ in 0..ATTEMPTS {
            self.freshen(&watch.name).await?;
            let version = self.version(&watch.name);
            if let Some(once) = once
                && let Some(asked) = self.asked_before(&watch.name, once).await?
            {
                return Ok(asked);
            }
            let stored = self
                .transact_for_anyone(&watch.name, |world, draft| {
                    // What was looked up holds for this version: the same demand raises it.
                    if once.is_some() && Some(draft.watch().version) != version {
                        return Ok::<_, CommandError>(None);
                    }
                    add_request(world, draft, watch, &request);
                    Ok(Some(()))
                })
                .await?;
            if stored.is_some() {
                // The command is stored; what follows from it is tried again by the next poll if it fails now.
                self.reconcile_or_log(&watch.name).await;
                return Ok(Asked::new(watch, &request));
            }
        }
        let what = format!("watch `{}`", watch.name);
        Err(StoreError::Conflict { what }.into())
    }

    /// The demand that was made before under the same key, by the event that tells of it.
    pub(super) async fn asked_before(
        &self,
        name: &WatchName,
        once: Once,
    ) -> Result<Option<Asked>, CommandError> {
        let oldest = self.ports.clock.now() - REMEMBERED;
        let mut before = None;
        loop {
            let query = EventQuery {
                watch: Some(name.clone()),
                range: EventRange::Before(before),
                limit: PAGE,
            };
            let page = self.ports.store.events(&query).await?;
            for event in page.iter().take_while(|event| event.at >= oldest) {
                let EventKind::DeploymentAsked { request, .. } = event.kind else {
                    continue;
                };
                if request == once.request() {
                    // Another replica may have taken it, and whoever waits for what comes of it asks this one.
                    self.world().distrust(Some(name));
                    self.freshen(name).await?;
                    return Ok(Some(Asked {
                        watch: name.clone(),
                        request,
                        at: event.at,
                    }));
                }
                if once.has_key_of(request) {
                    return Err(CommandError::AskedOtherwise { request });
                }
            }
            let is_recent = |event: &&crate::event::Event| event.at >= oldest;
            match page.last().filter(is_recent) {
                Some(last) if page.len() == PAGE as usize => before = Some(last.id),
                _ => return Ok(None),
            }
        }
    }

    fn version(&self, name: &WatchName) -> Option<u64> {
        self.world().states.get(name).map(|state| state.version)
    }
}
