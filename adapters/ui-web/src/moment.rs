use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// A moment as people want it: how long ago or how soon, with the exact one beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Template)]
#[template(
    source = r#"<time datetime="{{ self.iso() }}" title="{{ self.exact() }}">{{ self.relative() }}</time>"#,
    ext = "html"
)]
pub(crate) struct When {
    pub(crate) at: DateTime<Utc>,
    pub(crate) now: DateTime<Utc>,
}

impl HtmlSafe for When {}

/// A moment on the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Template)]
#[template(
    source = r#"<time datetime="{{ self.0.iso() }}" title="{{ self.0.exact() }}" data-clock>{{ self.0.clock() }}</time>"#,
    ext = "html"
)]
pub(crate) struct OnTheClock(pub(crate) When);

impl HtmlSafe for OnTheClock {}

impl When {
    pub(crate) fn iso(&self) -> String {
        self.at.to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    pub(crate) fn exact(&self) -> String {
        self.at.format("%-d %B %Y, %H:%M:%S UTC").to_string()
    }

    /// `14:05 UTC`, with the day if it is another one.
    pub(crate) fn clock(&self) -> String {
        let format = if self.at.date_naive() == self.now.date_naive() {
            "%H:%M UTC"
        } else {
            "%-d %b %H:%M UTC"
        };
        self.at.format(format).to_string()
    }

    pub(crate) fn relative(&self) -> String {
        let passed = self.now - self.at;
        if passed < -TimeDelta::seconds(1) {
            format!("in {}", Span(-passed))
        } else if passed < TimeDelta::seconds(2) {
            "just now".to_owned()
        } else {
            format!("{} ago", Span(passed))
        }
    }
}

/// How long something took, in the one or two units that matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span(pub(crate) TimeDelta);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.num_seconds().max(0);
        match seconds {
            0..60 => write!(f, "{seconds} s"),
            60..600 if seconds % 60 > 0 => write!(f, "{} min {} s", seconds / 60, seconds % 60),
            60..3600 => write!(f, "{} min", seconds / 60),
            3600..86_400 => write!(f, "{} h", seconds / 3600),
            86_400..172_800 => f.write_str("1 day"),
            _ => write!(f, "{} days", seconds / 86_400),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn a_moment_is_told_by_how_far_it_is() {
        for (at_second, told) in [
            (1_000_000, "just now"),
            (999_999, "just now"),
            (999_955, "45 s ago"),
            (999_905, "1 min 35 s ago"),
            (998_200, "30 min ago"),
            (980_000, "5 h ago"),
            (900_000, "1 day ago"),
            (0, "11 days ago"),
            (1_000_090, "in 1 min 30 s"),
        ] {
            let when = When {
                at: at(at_second),
                now: at(1_000_000),
            };
            assert_eq!(when.relative(), told);
        }
    }

    #[test]
    fn another_day_is_told_with_the_time() {
        let now = at(1_800_000_000);
        let clock = |at| When { at, now }.clock();
        assert_eq!(clock(now + TimeDelta::hours(1)), "09:00 UTC");
        assert_eq!(clock(now + TimeDelta::days(1)), "16 Jan 08:00 UTC");
    }
}
