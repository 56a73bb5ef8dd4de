use chrono::{DateTime, Utc};
use poem_openapi::{Enum, Object};
use registrywatcher::app;
use registrywatcher::freeze;
use registrywatcher::watch::WatchName;
use serde::Serialize;

use super::{Text, Timestamp};
use crate::problem::Fault;

/// A stop of deployments for a while.
#[derive(Debug, Object, Serialize)]
pub(crate) struct Freeze {
    /// When it expires.
    until: Timestamp,
    /// Why, for people.
    reason: String,
    /// Who froze.
    by: String,
    /// Since when.
    since: Timestamp,
    /// What it stops.
    stops: Stops,
}

/// What a freeze stops. There may be new ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize)]
#[oai(rename_all = "snake_case", rename = "FreezeStops")]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stops {
    /// Every new deployment, also one that somebody asks for without overriding the freeze.
    Everything,
    /// What nobody asked for. Bringing back what ran before a failed deployment goes on.
    Automatic,
}

/// What to freeze with.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub(crate) struct FreezeDemand {
    /// When it expires.
    until: Timestamp,
    /// Why, for people.
    reason: Text<String>,
}

impl FreezeDemand {
    /// The freeze of `watch`, or of all.
    pub(crate) fn of(self, watch: Option<WatchName>) -> Result<app::NewFreeze, Fault> {
        let reason = self.reason.0.trim();
        if reason.is_empty() {
            return Err(Fault::invalid(
                "reason",
                "say why, for those who wonder that nothing is deployed",
            ));
        }
        Ok(app::NewFreeze {
            watch,
            until: in_microseconds(self.until.0),
            reason: reason.to_owned(),
        })
    }
}

/// As precisely as moments are stored and told.
fn in_microseconds(moment: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(moment.timestamp_micros()).unwrap_or(moment)
}

impl From<&freeze::Freeze> for Freeze {
    fn from(freeze: &freeze::Freeze) -> Self {
        Self {
            until: freeze.until.into(),
            reason: freeze.reason.clone(),
            by: freeze.by.to_string(),
            since: freeze.since.into(),
            stops: freeze.stops.into(),
        }
    }
}

impl From<freeze::Stops> for Stops {
    fn from(stops: freeze::Stops) -> Self {
        match stops {
            freeze::Stops::Everything => Self::Everything,
            freeze::Stops::Automatic => Self::Automatic,
        }
    }
}
