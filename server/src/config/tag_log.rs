use std::time::Duration;

use serde::Deserialize;

use super::document::Document;
use super::fault::Findings;
use super::key::Key;
use super::scalar::{HumanDuration, duration};

/// The section `[tag_log]`: what is remembered of the tags that registries had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagLogConfig {
    /// How long it is remembered that a tag was there, once it is not any more.
    pub retention: Duration,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wire {
    retention: Option<HumanDuration>,
}

impl Wire {
    pub(super) fn check(self, at: &Key, findings: &mut Findings<'_>) -> Option<TagLogConfig> {
        let retention = duration(
            findings,
            &at.child("retention"),
            self.retention,
            Duration::from_hours(1),
        );
        Some(TagLogConfig {
            retention: retention?,
        })
    }
}

impl TagLogConfig {
    pub(super) fn write(&self, document: &mut Document) {
        document.section(&["tag_log"]);
        document.duration("retention", self.retention);
    }
}
