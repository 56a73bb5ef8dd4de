use std::time::Duration;

use serde::Deserialize;

use super::document::Document;
use super::fault::Findings;
use super::key::Key;
use super::scalar::{HumanDuration, duration};

/// The section `[delivery]`: how events are carried to those who are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryConfig {
    /// How long an event is offered to a sink that cannot take it, before it goes to the dead letters.
    pub deadline: Duration,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wire {
    deadline: Option<HumanDuration>,
}

impl Wire {
    pub(super) fn check(self, at: &Key, findings: &mut Findings<'_>) -> Option<DeliveryConfig> {
        let deadline = duration(
            findings,
            &at.child("deadline"),
            self.deadline,
            Duration::from_secs(1),
        );
        Some(DeliveryConfig {
            deadline: deadline?,
        })
    }
}

impl DeliveryConfig {
    pub(super) fn write(&self, document: &mut Document) {
        document.section(&["delivery"]);
        document.duration("deadline", self.deadline);
    }
}
