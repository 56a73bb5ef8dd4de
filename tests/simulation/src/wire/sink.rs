use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::event::Event;
use registrywatcher::ports::{Notifier, NotifyError};

use super::Wire;
use crate::sabotage::Sabotage;

/// A sink of the town, as one life of a replica reaches it.
pub(super) struct WiredSink {
    wire: Wire,
    name: &'static str,
}

impl WiredSink {
    pub(super) fn new(wire: Wire, name: &'static str) -> Self {
        Self { wire, name }
    }
}

#[async_trait]
impl Notifier for WiredSink {
    async fn deliver(&self, event: &Event) -> Result<(), NotifyError> {
        let town = &self.wire.town;
        self.wire.pass(Duration::from_millis(300)).await;
        if town.is_sabotaged(Sabotage::DropsNotifications) && town.chance.one_in(20) {
            return Ok(());
        }
        let told = town.sink(self.name).deliver(event).await;
        if told.is_ok() {
            town.ledger().delivered(self.name, event);
        }
        self.wire.pass(Duration::from_millis(300)).await;
        told
    }
}
