use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::event::Event;
use registrywatcher::ports::{Notifier, NotifyError};

/// A sink that keeps what it is told, with switches for the ways in which sinks fail.
#[derive(Debug, Clone)]
pub struct MemoryNotifier {
    state: Arc<Mutex<State>>,
    patience: Duration,
}

#[derive(Debug, Default)]
struct State {
    delivered: Vec<Event>,
    untold: BTreeSet<&'static str>,
    mood: Mood,
}

#[derive(Debug, Clone, Copy, Default)]
enum Mood {
    #[default]
    Takes,
    Refuses,
    Down {
        retry_after: Option<Duration>,
    },
    Hangs,
}

impl Default for MemoryNotifier {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryNotifier {
    /// A sink that takes every event, and is given up after ten seconds when it hangs.
    pub fn new() -> Self {
        Self {
            state: Arc::default(),
            patience: Duration::from_secs(10),
        }
    }

    /// The same sink, given up after `patience` when it hangs.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The events it took, oldest first.
    pub fn delivered(&self) -> Vec<Event> {
        self.state().delivered.clone()
    }

    /// Never tells events of the kind with this name.
    pub fn ignore(&self, kind: &'static str) {
        self.state().untold.insert(kind);
    }

    /// Refuses every event from now on.
    pub fn refuse(&self) {
        self.state().mood = Mood::Refuses;
    }

    /// Is down from now on, and asks to wait for `retry_after` if that is given.
    pub fn break_down(&self, retry_after: Option<Duration>) {
        self.state().mood = Mood::Down { retry_after };
    }

    /// Answers no more from now on.
    pub fn hang(&self) {
        self.state().mood = Mood::Hangs;
    }

    /// Takes every event again.
    pub fn recover(&self) {
        self.state().mood = Mood::Takes;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes `event` unless the sink hangs.
    fn take(&self, event: &Event) -> Option<Result<(), NotifyError>> {
        let mut state = self.state();
        if state.untold.contains(event.kind.name()) {
            return Some(Ok(()));
        }
        match state.mood {
            Mood::Takes => {
                state.delivered.push(event.clone());
                Some(Ok(()))
            }
            Mood::Refuses => Some(Err(NotifyError::Rejected {
                problem: "it was told to refuse".to_owned(),
            })),
            Mood::Down { retry_after } => Some(Err(NotifyError::Unavailable {
                problem: "it was told to be down".to_owned(),
                retry_after,
            })),
            Mood::Hangs => None,
        }
    }
}

#[async_trait]
impl Notifier for MemoryNotifier {
    async fn deliver(&self, event: &Event) -> Result<(), NotifyError> {
        if let Some(outcome) = self.take(event) {
            return outcome;
        }
        tokio::time::sleep(self.patience).await;
        Err(NotifyError::Unavailable {
            problem: format!("no answer within {:?}", self.patience),
            retry_after: None,
        })
    }
}
