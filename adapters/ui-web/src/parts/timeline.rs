use askama::Template;
use askama::filters::HtmlSafe;
use chrono::{DateTime, TimeDelta, Utc};
use registrywatcher::deployment::Deployment;

use super::{Badge, Look};
use crate::moment::{Span, When};

/// How high the picture is, and where its axis lies.
const AXIS: f64 = 132.0;
const TOP: f64 = 18.0;

/// How long deployments may take that reach the top: the least that suffices is chosen, in seconds.
const SCALES: [i64; 6] = [10, 60, 600, 3600, 4 * 3600, 24 * 3600];

/// Deployments as a picture: when, how long, and with which outcome.
///
/// Places along the time are in percent, so that it is as wide as the page without a script and without distortion. How long
/// one took is its height, on a scale of powers: a second and an hour both stand beside a minute.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "timeline.html")]
pub(crate) struct Timeline {
    marks: Vec<Mark>,
    ticks: Vec<Tick>,
    levels: Vec<Level>,
    told: String,
}

impl HtmlSafe for Timeline {}

/// One deployment.
#[derive(Debug, Clone, PartialEq)]
struct Mark {
    href: String,
    look: &'static str,
    x: String,
    y: String,
    told: String,
}

/// A moment below the axis.
#[derive(Debug, Clone, PartialEq)]
struct Tick {
    x: u32,
    anchor: &'static str,
    label: String,
}

/// How long a deployment took that is this high.
#[derive(Debug, Clone, PartialEq)]
struct Level {
    y: String,
    label: String,
}

impl Timeline {
    /// Of deployments that are given newest first.
    pub(crate) fn new(deployments: &[Deployment], now: DateTime<Utc>) -> Option<Self> {
        let oldest = deployments.last()?;
        let (begin, width) = window(oldest.created_at, now);
        let place = |at: DateTime<Utc>| {
            let part = (at - begin).as_seconds_f64() / width.as_seconds_f64();
            (100.0 * part).clamp(0.0, 100.0)
        };
        let longest = deployments.iter().map(|it| took(it, now)).max()?;
        let scale = Scale::reaching(longest);
        let mark = |deployment: &Deployment| {
            let took = took(deployment, now);
            Mark {
                href: format!("/deployments/{}", deployment.id),
                look: Look::of_state(&deployment.state).name(),
                x: format!("{:.2}%", place(deployment.created_at)),
                y: format!("{:.1}", scale.height(took)),
                told: told(deployment, took, now),
            }
        };
        Some(Self {
            marks: deployments.iter().rev().map(mark).collect(),
            ticks: ticks(begin, width, now),
            levels: scale.levels(),
            told: summary(deployments, now),
        })
    }
}

/// Where the picture begins and how long it is: a minute or more until now, and a little beyond, so that no mark is cut in half.
fn window(oldest: DateTime<Utc>, now: DateTime<Utc>) -> (DateTime<Utc>, TimeDelta) {
    let range = (now - oldest).max(TimeDelta::minutes(1));
    (now - range - range / 40, range + range / 20)
}

/// How long a deployment took, or takes already.
pub(crate) fn took(deployment: &Deployment, now: DateTime<Utc>) -> Span {
    let end = deployment.state.ended_at().unwrap_or(now);
    Span(end - deployment.created_at)
}

/// Which heights stand for how long.
#[derive(Debug, Clone, Copy)]
struct Scale {
    /// How long something took that reaches the top, in seconds.
    top: i64,
}

impl Scale {
    fn reaching(longest: Span) -> Self {
        let seconds = longest.0.num_seconds();
        let suffices = SCALES.into_iter().find(|top| *top >= seconds);
        Self {
            top: suffices.unwrap_or(seconds),
        }
    }

    fn height(self, took: Span) -> f64 {
        // Nothing is shorter than a second, and what is that short is still to be seen.
        let powers = |span: TimeDelta| (1.0 + span.as_seconds_f64().max(1.0)).log10();
        let part = powers(took.0) / powers(TimeDelta::seconds(self.top));
        AXIS - part.clamp(0.0, 1.0) * (AXIS - TOP)
    }

    /// Lines for the top and what stands below it.
    fn levels(self) -> Vec<Level> {
        let shown = SCALES.into_iter().filter(|level| *level <= self.top);
        let level = |seconds| {
            let span = Span(TimeDelta::seconds(seconds));
            Level {
                y: format!("{:.1}", self.height(span)),
                label: span.to_string(),
            }
        };
        shown.rev().take(3).map(level).collect()
    }
}

fn ticks(begin: DateTime<Utc>, width: TimeDelta, now: DateTime<Utc>) -> Vec<Tick> {
    let tick = |(percent, anchor)| {
        let at = begin + width / 100 * i32::try_from(percent).unwrap_or_default();
        Tick {
            x: percent,
            anchor,
            label: When { at, now }.relative(),
        }
    };
    let mut ticks: Vec<Tick> = [(0, "start"), (33, "middle"), (66, "middle")]
        .map(tick)
        .into();
    ticks.push(Tick {
        x: 100,
        anchor: "end",
        label: "now".to_owned(),
    });
    ticks
}

fn told(deployment: &Deployment, took: Span, now: DateTime<Utc>) -> String {
    let when = When {
        at: deployment.created_at,
        now,
    };
    let outcome = Badge::of_state(&deployment.state).word;
    let (tag, clock) = (deployment.tag(), when.clock());
    format!("{tag} at {clock}: {outcome}, {took}")
}

fn summary(deployments: &[Deployment], now: DateTime<Utc>) -> String {
    let count_of = |look| {
        let is_it = |it: &&Deployment| Look::of_state(&it.state) == look;
        deployments.iter().filter(is_it).count()
    };
    let since = deployments.last().map(|oldest| When {
        at: oldest.created_at,
        now,
    });
    let since = since.map(|when| when.exact()).unwrap_or_default();
    format!(
        "{} deployments since {since}: {} succeeded, {} failed. The table below tells the same in words.",
        deployments.len(),
        count_of(Look::Good),
        count_of(Look::Bad)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_moment_below_the_axis_is_still_to_come() {
        let now = DateTime::UNIX_EPOCH;
        for age in [0, 17, 60, 86_400] {
            let (begin, width) = window(now - TimeDelta::seconds(age), now);
            let labels = ticks(begin, width, now);
            let labels: Vec<_> = labels.iter().map(|tick| tick.label.as_str()).collect();
            assert!(
                labels.iter().all(|label| !label.starts_with("in ")),
                "{age} s: {labels:?}"
            );
        }
    }
}
