use std::time::Duration;

use serde::Deserialize;

use super::document::Document;
use super::fault::Findings;
use super::key::Key;
use super::scalar::{Count, HumanDuration, count, duration};

/// The section `[poll]`: how often registries and orchestrators are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollConfig {
    /// How often each watch asks its registry, unless it says otherwise.
    pub interval: Duration,
    /// By how much each interval varies, in percent, so that watches spread out.
    pub jitter_percent: u32,
    /// How many watches are polled at the same time.
    pub concurrency: u32,
    /// How often the deployers are asked what runs.
    pub drift_interval: Duration,
    /// How often the tags of a pinned watch are listed, for showing them.
    pub listing_interval: Duration,
    /// At each how many polls the wanted tag's digest is asked again, besides the list of tags.
    pub digest_every: u32,
    /// How long one poll may take.
    pub timeout: Duration,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wire {
    interval: Option<HumanDuration>,
    jitter_percent: Option<Count>,
    concurrency: Option<Count>,
    drift_interval: Option<HumanDuration>,
    listing_interval: Option<HumanDuration>,
    digest_every: Option<Count>,
    timeout: Option<HumanDuration>,
}

/// The shortest time between two polls.
pub(super) const LEAST_INTERVAL: Duration = Duration::from_millis(100);

impl Wire {
    pub(super) fn check(self, at: &Key, findings: &mut Findings<'_>) -> Option<PollConfig> {
        let mut span =
            |name: &str, value| duration(findings, &at.child(name), value, LEAST_INTERVAL);
        let interval = span("interval", self.interval);
        let drift_interval = span("drift_interval", self.drift_interval);
        let listing_interval = span("listing_interval", self.listing_interval);
        let timeout = span("timeout", self.timeout);
        let jitter_percent = count(
            findings,
            &at.child("jitter_percent"),
            self.jitter_percent,
            0..=50,
        );
        let concurrency = count(
            findings,
            &at.child("concurrency"),
            self.concurrency,
            1..=1024,
        );
        let digest_every = count(
            findings,
            &at.child("digest_every"),
            self.digest_every,
            1..=u32::MAX,
        );
        Some(PollConfig {
            interval: interval?,
            jitter_percent: jitter_percent?,
            concurrency: concurrency?,
            drift_interval: drift_interval?,
            listing_interval: listing_interval?,
            digest_every: digest_every?,
            timeout: timeout?,
        })
    }
}

impl PollConfig {
    pub(super) fn write(&self, document: &mut Document) {
        document.section(&["poll"]);
        document.duration("interval", self.interval);
        document.pair("jitter_percent", i64::from(self.jitter_percent));
        document.pair("concurrency", i64::from(self.concurrency));
        document.duration("drift_interval", self.drift_interval);
        document.duration("listing_interval", self.listing_interval);
        document.pair("digest_every", i64::from(self.digest_every));
        document.duration("timeout", self.timeout);
    }
}
