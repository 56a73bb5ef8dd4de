use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use super::{Event, Severity};

/// Which events a sink is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Only of these watches, and of none in particular; of all if empty.
    pub watches: Vec<NamePattern>,
    /// Only of these kinds, by [`EventKind::name`](super::EventKind::name); of all if empty.
    pub kinds: BTreeSet<String>,
    /// Only those that are at least so urgent.
    pub severity: Severity,
    /// Also that a deployment is tried, or fails, once more; otherwise that is only counted.
    pub repeats: bool,
}

impl Default for Route {
    /// Everything once.
    fn default() -> Self {
        Self {
            watches: Vec::new(),
            kinds: BTreeSet::new(),
            severity: Severity::Info,
            repeats: false,
        }
    }
}

impl Route {
    /// Whether `event` is told.
    pub fn admits(&self, event: &Event) -> bool {
        let concerns = |pattern: &NamePattern| {
            let name = event.watch.as_ref();
            name.is_none_or(|name| pattern.matches(name.as_str()))
        };
        (self.watches.is_empty() || self.watches.iter().any(concerns))
            && (self.kinds.is_empty() || self.kinds.contains(event.kind.name()))
            && event.kind.severity() >= self.severity
            && (self.repeats || !event.kind.is_repeat())
    }
}

/// A name, or the beginning of names: `web`, `web-*`, `*`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct NamePattern {
    start: String,
    is_whole: bool,
}

/// A pattern with a star in the middle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is no pattern of names: `*` may only stand at its end")]
pub struct InvalidPattern {
    /// What was found.
    pub pattern: String,
}

impl NamePattern {
    /// Whether it means `name`.
    pub fn matches(&self, name: &str) -> bool {
        if self.is_whole {
            name == self.start
        } else {
            name.starts_with(&self.start)
        }
    }
}

impl FromStr for NamePattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let start = text.strip_suffix('*');
        if text.is_empty() || start.unwrap_or(text).contains('*') {
            return Err(InvalidPattern {
                pattern: text.to_owned(),
            });
        }
        Ok(Self {
            start: start.unwrap_or(text).to_owned(),
            is_whole: start.is_none(),
        })
    }
}

impl TryFrom<String> for NamePattern {
    type Error = InvalidPattern;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let star = if self.is_whole { "" } else { "*" };
        write!(f, "{}{star}", self.start)
    }
}

#[cfg(test)]
mod tests;
