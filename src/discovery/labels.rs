use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use super::period;
use crate::image::Tag;
use crate::policy::{Direction, Filters, Order, PolicyError, TagPolicy};
use crate::ports::{LABEL_PREFIX, POLICY_LABEL};
use crate::text::suggest;
use crate::watch::{AdoptMode, DriftMode, Mode, WatchName};

/// What may follow the prefix.
const KNOWN: [&str; 14] = [
    "adopt",
    "drift",
    "exclude",
    "extract",
    "include",
    "interval",
    "min_interval",
    "mode",
    "order",
    "parallel",
    "policy",
    "prerelease",
    "variant",
    "watch",
];

/// The shortest time between two polls that a label may ask for: a registry is not to suffer from whoever may label.
const LEAST_INTERVAL: Duration = Duration::from_secs(10);

/// Reads the labels of one workload, and collects what is wrong with them.
pub(super) struct Labels<'a> {
    labels: &'a BTreeMap<String, String>,
    problems: Vec<String>,
}

impl<'a> Labels<'a> {
    pub(super) fn new(labels: &'a BTreeMap<String, String>) -> Self {
        Self {
            labels,
            problems: Vec::new(),
        }
    }

    pub(super) fn into_problems(self) -> Vec<String> {
        self.problems
    }

    pub(super) fn fault(&mut self, problem: impl Display) {
        // Whoever labels must neither break the line nor command a terminal.
        let problem = problem.to_string().replace(char::is_control, " ");
        let words: Vec<&str> = problem.split(' ').filter(|word| !word.is_empty()).collect();
        self.problems.push(words.join(" "));
    }

    pub(super) fn accept<T>(&mut self, result: Result<T, impl Display>) -> Option<T> {
        result.map_err(|problem| self.fault(problem)).ok()
    }

    pub(super) fn refuse_unknown(&mut self) {
        let labels = self.labels;
        for label in labels.keys() {
            let name = label.strip_prefix(LABEL_PREFIX);
            if name.is_some_and(|name| KNOWN.contains(&name)) {
                continue;
            }
            let known = KNOWN.map(|name| format!("{LABEL_PREFIX}{name}"));
            // What all names begin with must not make them look alike.
            let hint = suggest(name.unwrap_or(label), KNOWN);
            let hint = match hint.strip_prefix("did you mean `") {
                Some(nearest) => format!("did you mean `{LABEL_PREFIX}{nearest}"),
                None => format!("known are `{}`", known.join("`, `")),
            };
            self.fault(format!("the label `{label}` is not known; {hint}"));
        }
    }

    pub(super) fn watch(&mut self) -> Option<WatchName> {
        let name = self.get("watch")?.parse::<WatchName>();
        let name = name.map_err(|error| format!("`{LABEL_PREFIX}watch` names no watch: {error}"));
        self.accept(name)
    }

    pub(super) fn interval(&mut self) -> Option<Duration> {
        let interval = self.period("interval")?;
        if interval < LEAST_INTERVAL {
            self.fault(format!(
                "`{LABEL_PREFIX}interval` is {interval:?}; write at least `{}s`",
                LEAST_INTERVAL.as_secs()
            ));
        }
        Some(interval)
    }

    pub(super) fn min_interval(&mut self) -> Option<Duration> {
        self.period("min_interval")
    }

    pub(super) fn mode(&mut self) -> Option<Mode> {
        self.word(
            "mode",
            &[("deploy", Mode::Deploy), ("observe", Mode::Observe)],
        )
    }

    pub(super) fn drift(&mut self) -> Option<DriftMode> {
        let words = [("hold", DriftMode::Hold), ("correct", DriftMode::Correct)];
        self.word("drift", &words)
    }

    pub(super) fn adopt(&mut self) -> Option<AdoptMode> {
        let words = [
            ("assume", AdoptMode::Assume),
            ("redeploy", AdoptMode::Redeploy),
        ];
        self.word("adopt", &words)
    }

    pub(super) fn parallel(&mut self) -> Option<bool> {
        self.switch("parallel")
    }

    pub(super) fn order(&mut self) -> Option<u32> {
        let text = self.get("order")?;
        let problem = |_: std::num::ParseIntError| {
            format!("`{LABEL_PREFIX}order` is `{text}`; write a whole number from 0")
        };
        self.accept(text.parse().map_err(problem))
    }

    pub(super) fn policy(&mut self) -> Option<TagPolicy> {
        let filters = Filters {
            include: self.get("include").map(str::to_owned),
            exclude: self.get("exclude").map(str::to_owned),
            extract: self.get("extract").map(str::to_owned),
        };
        let order = self.tag_order();
        // Patterns are read even where there is no order to narrow, so that all that is wrong is told.
        let is_ordered = order.is_some();
        let order = order.unwrap_or(Order::Alphabetical(Direction::Ascending));
        let policy = TagPolicy::new(order, &filters).map_err(|error| match error {
            PolicyError::Pattern { option, problem } => {
                format!("`{LABEL_PREFIX}{option}` is no regular expression: {problem}")
            }
            error => error.to_string(),
        });
        self.accept(policy).filter(|_| is_ordered)
    }

    fn tag_order(&mut self) -> Option<Order> {
        let text = self.get("policy").unwrap_or_default();
        let (kind, argument) = match text.split_once(':') {
            Some((kind, argument)) => (kind.trim(), Some(argument.trim())),
            None => (text, None),
        };
        if kind != "semver" {
            for option in ["prerelease", "variant"] {
                if self.get(option).is_some() {
                    self.fault(format!(
                        "`{LABEL_PREFIX}{option}` belongs to `semver` alone; leave it out"
                    ));
                }
            }
        }
        match (kind, argument) {
            ("semver", range) => self.versions(range.unwrap_or("*")),
            ("numeric", direction) => self.direction(kind, direction).map(Order::Numeric),
            ("alphabetical", direction) => self.direction(kind, direction).map(Order::Alphabetical),
            ("tag", Some(tag)) => {
                let tag = tag.parse::<Tag>();
                let tag = tag.map_err(|error| format!("`{POLICY_LABEL}` names no tag: {error}"));
                self.accept(tag).map(Order::Tag)
            }
            _ => {
                self.fault(format!(
                    "`{POLICY_LABEL}` is `{text}`; write `semver`, `semver:^1`, `numeric`, `alphabetical` or `tag:latest`, for \
                     example"
                ));
                None
            }
        }
    }

    fn versions(&mut self, range: &str) -> Option<Order> {
        let variant = self.get("variant").map(str::to_owned);
        let with_prereleases = self.switch("prerelease").unwrap_or_default();
        let order = Order::semver(range);
        match self.accept(order.map_err(|error| format!("`{POLICY_LABEL}`: {error}")))? {
            Order::Semver { range, .. } => Some(Order::Semver {
                range,
                prerelease: with_prereleases,
                variant,
            }),
            other => Some(other),
        }
    }

    fn direction(&mut self, kind: &str, word: Option<&str>) -> Option<Direction> {
        match word {
            None | Some("asc") => Some(Direction::Ascending),
            Some("desc") => Some(Direction::Descending),
            Some(word) => {
                self.fault(format!(
                    "`{POLICY_LABEL}` is `{kind}:{word}`; write `{kind}:asc` or `{kind}:desc`"
                ));
                None
            }
        }
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        let text = self.labels.get(&format!("{LABEL_PREFIX}{name}"))?;
        Some(text.trim())
    }

    fn period(&mut self, name: &str) -> Option<Duration> {
        let text = self.get(name)?;
        let period = period::parse(text);
        if period.is_none() {
            self.fault(format!(
                "`{LABEL_PREFIX}{name}` is `{text}`; write a time with its unit, such as `59s` or `1m30s`"
            ));
        }
        period
    }

    fn switch(&mut self, name: &str) -> Option<bool> {
        self.word(name, &[("true", true), ("false", false)])
    }

    fn word<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.get(name)?;
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let known: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            self.fault(format!(
                "`{LABEL_PREFIX}{name}` is `{text}`; write {}",
                known.join(" or ")
            ));
        }
        found.map(|(_, value)| *value)
    }
}
