use std::time::Duration;

use registrywatcher::freeze::Breaker;
use serde::Deserialize;

use super::document::Document;
use super::fault::Findings;
use super::key::Key;
use super::scalar::{Count, HumanDuration, count, duration};

/// The section `[breaker]`; without it there is none.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wire {
    failures: Option<Count>,
    within: Option<HumanDuration>,
    freeze_for: Option<HumanDuration>,
}

const LEAST: Duration = Duration::from_secs(1);

impl Wire {
    pub(super) fn check(self, at: &Key, findings: &mut Findings<'_>) -> Option<Breaker> {
        let failures = count(findings, &at.child("failures"), self.failures, 1..=100);
        let within = duration(findings, &at.child("within"), self.within, LEAST);
        let freeze_for = duration(findings, &at.child("freeze_for"), self.freeze_for, LEAST);
        Some(Breaker {
            failures: failures?,
            within: within?,
            freeze_for: freeze_for?,
        })
    }
}

pub(super) fn write(breaker: &Breaker, document: &mut Document) {
    document.section(&["breaker"]);
    document.pair("failures", i64::from(breaker.failures));
    document.duration("within", breaker.within);
    document.duration("freeze_for", breaker.freeze_for);
}
