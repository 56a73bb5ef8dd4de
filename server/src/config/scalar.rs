//! Scalars as files and environment variables write them; the latter know nothing but text.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

use super::fault::Findings;
use super::key::Key;

/// A duration with its unit: `59s`, `5m`, Go's `1m30s`.
#[derive(Debug, Clone, Copy)]
pub(super) struct HumanDuration(pub(super) Duration);

/// A whole number, not negative.
#[derive(Debug, Clone, Copy)]
pub(super) struct Count(pub(super) u64);

/// True or false.
#[derive(Debug, Clone, Copy)]
pub(super) struct Switch(pub(super) bool);

impl<'de> Deserialize<'de> for HumanDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = HumanDuration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration with its unit in quotes, such as `59s` or `1m30s`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<HumanDuration, E> {
                let duration = humantime::parse_duration(text);
                duration.map(HumanDuration).map_err(|error| {
                    E::custom(format!(
                        "`{text}` is no duration, such as `59s` or `1m30s`: {error}"
                    ))
                })
            }
        }

        deserializer.deserialize_str(Text)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number from 0")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Count, E> {
                Ok(Count(number))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Count, E> {
                let count = u64::try_from(number).map(Count);
                count.map_err(|_| {
                    E::custom(format!("expected a whole number from 0, found `{number}`"))
                })
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Count, E> {
                text.parse()
                    .map(Count)
                    .map_err(|_| E::invalid_type(Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(Number)
    }
}

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Boolean;

        impl Visitor<'_> for Boolean {
            type Value = Switch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true` or `false`")
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Switch, E> {
                Ok(Switch(value))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Switch, E> {
                text.parse()
                    .map(Switch)
                    .map_err(|_| E::invalid_type(Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(Boolean)
    }
}

/// A duration that must be given and last at least `least`.
pub(super) fn duration(
    findings: &mut Findings<'_>,
    key: &Key,
    value: Option<HumanDuration>,
    least: Duration,
) -> Option<Duration> {
    let HumanDuration(duration) = findings.require(key, value, "missing")?;
    if duration < least {
        let (found, least) = (duration_text(duration), duration_text(least));
        findings.fault(key, format!("expected {least} or more, found {found}"));
        return None;
    }
    Some(duration)
}

/// A count that must be given and lie inside `range`.
pub(super) fn count(
    findings: &mut Findings<'_>,
    key: &Key,
    value: Option<Count>,
    range: RangeInclusive<u32>,
) -> Option<u32> {
    let Count(count) = findings.require(key, value, "missing")?;
    let inside = u32::try_from(count)
        .ok()
        .filter(|count| range.contains(count));
    if inside.is_none() {
        let (least, most) = range.into_inner();
        findings.fault(key, format!("expected {least} to {most}, found {count}"));
    }
    inside
}

/// A duration as the configuration writes it.
pub(super) fn duration_text(duration: Duration) -> String {
    const DAY: u64 = 24 * 60 * 60;
    let seconds = duration.as_secs();
    // Written out, a year would be eleven months, thirty days and some hours.
    if seconds > DAY && seconds.is_multiple_of(DAY) && duration.subsec_nanos() == 0 {
        return format!("{}d", seconds / DAY);
    }
    humantime::format_duration(duration).to_string()
}
