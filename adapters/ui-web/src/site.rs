use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use registrywatcher::app::{App, WatchView};
use registrywatcher::ports::{Clock, Sessions};
use registrywatcher::watch::{WatchName, Workload};
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::sync::Semaphore;

use crate::door::Door;
use crate::fault::Fault;
use crate::visitor::Visitor;
use crate::{Parts, Settings};

/// What every page is made with.
pub(crate) struct Site {
    pub(crate) app: Arc<App>,
    pub(crate) door: Arc<dyn Door>,
    pub(crate) sessions: Arc<dyn Sessions>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    /// The places of those who follow a page live.
    pub(crate) streams: Arc<Semaphore>,
    /// What the forms carry where nobody signs in.
    pub(crate) open_form_token: String,
}

impl Site {
    pub(crate) fn new(parts: Parts, settings: Settings) -> Self {
        let places = settings.max_event_streams.min(Semaphore::MAX_PERMITS);
        Self {
            app: parts.app,
            door: parts.door,
            sessions: parts.sessions,
            clock: parts.clock,
            streams: Arc::new(Semaphore::new(places)),
            // Empty if there is no randomness: no form is accepted then.
            open_form_token: secret().unwrap_or_default(),
            settings,
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Where people look at a workload in its orchestrator, if that is known.
    pub(crate) fn link(&self, workload: &Workload) -> Option<String> {
        let template = self.settings.links.get(&workload.deployer)?;
        template.to(&workload.address)
    }

    /// The watch of this name; one that the visitor may not know of does not exist for them.
    pub(crate) fn watch(&self, visitor: &Visitor, name: &str) -> Result<WatchView, Fault> {
        let known = name.parse::<WatchName>().ok();
        let known = known.filter(|name| visitor.sees(name));
        known
            .and_then(|name| self.app.watch(&name))
            .ok_or_else(|| Fault::no_watch(name))
    }
}

/// 256 random bits as text; nothing if the system has none.
pub(crate) fn secret() -> Option<String> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}
