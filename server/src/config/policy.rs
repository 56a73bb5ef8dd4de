use registrywatcher::image::Tag;
use registrywatcher::policy::{Direction, Filters, Order, PolicyError, TagPolicy};
use serde::Deserialize;
use toml::{Table, Value};

use super::fault::Findings;
use super::key::Key;
use super::scalar::Switch;

/// The value of `policy`: one kind, and what narrows it.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wire {
    semver: Option<String>,
    numeric: Option<WireDirection>,
    alphabetical: Option<WireDirection>,
    tag: Option<String>,
    prerelease: Option<Switch>,
    variant: Option<String>,
    include: Option<String>,
    exclude: Option<String>,
    extract: Option<String>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum WireDirection {
    Asc,
    Desc,
}

impl From<WireDirection> for Direction {
    fn from(direction: WireDirection) -> Self {
        match direction {
            WireDirection::Asc => Self::Ascending,
            WireDirection::Desc => Self::Descending,
        }
    }
}

impl Wire {
    /// What holds where no policy is given.
    pub(super) fn any_version() -> Self {
        Self {
            semver: Some("*".to_owned()),
            ..Self::default()
        }
    }

    pub(super) fn check(self, at: &Key, findings: &mut Findings<'_>) -> Option<TagPolicy> {
        let filters = Filters {
            include: self.include.clone(),
            exclude: self.exclude.clone(),
            extract: self.extract.clone(),
        };
        let order = self.order(at, findings);
        // Each filter on its own, so that all that are wrong are told.
        let probe = order
            .clone()
            .unwrap_or(Order::Alphabetical(Direction::Ascending));
        let mut sound = true;
        for filter in one_by_one(&filters) {
            if let Err(error) = TagPolicy::new(probe.clone(), &filter) {
                findings.fault(&at.child(option_of(&error, &filter)), error);
                sound = false;
            }
        }
        findings.accept(at, TagPolicy::new(order.filter(|_| sound)?, &filters))
    }

    fn order(self, at: &Key, findings: &mut Findings<'_>) -> Option<Order> {
        self.refuse_contradictions(at, findings)?;
        match self {
            Self {
                semver: Some(range),
                prerelease,
                variant,
                ..
            } => {
                let order = findings.accept(&at.child("semver"), Order::semver(&range))?;
                let Order::Semver { range, .. } = order else {
                    return Some(order);
                };
                let prerelease = prerelease.is_some_and(|Switch(on)| on);
                Some(Order::Semver {
                    range,
                    prerelease,
                    variant,
                })
            }
            Self {
                numeric: Some(direction),
                ..
            } => Some(Order::Numeric(direction.into())),
            Self {
                alphabetical: Some(direction),
                ..
            } => Some(Order::Alphabetical(direction.into())),
            Self { tag: Some(tag), .. } => findings
                .parse::<Tag>(&at.child("tag"), &tag)
                .map(Order::Tag),
            _ => {
                let problem = "names no kind; add `semver`, `numeric`, `alphabetical` or `tag`";
                findings.require(at, None, problem)
            }
        }
    }

    /// Refuses two kinds at once, and options of a kind that is not given.
    fn refuse_contradictions(&self, at: &Key, findings: &mut Findings<'_>) -> Option<()> {
        let kinds = given([
            ("semver", self.semver.is_some()),
            ("numeric", self.numeric.is_some()),
            ("alphabetical", self.alphabetical.is_some()),
            ("tag", self.tag.is_some()),
        ]);
        if kinds.len() > 1 {
            findings.fault(
                at,
                format!("names the kinds {}; keep one", kinds.join(" and ")),
            );
            return None;
        }
        let options = given([
            ("prerelease", self.prerelease.is_some()),
            ("variant", self.variant.is_some()),
        ]);
        if self.semver.is_none() {
            for option in options {
                findings.fault(&at.child(option), "belongs to `semver` alone; leave it out");
            }
        }
        Some(())
    }
}

fn given<const N: usize>(keys: [(&'static str, bool); N]) -> Vec<&'static str> {
    keys.into_iter()
        .filter_map(|(key, is_given)| is_given.then_some(key))
        .collect()
}

fn one_by_one(filters: &Filters) -> impl Iterator<Item = Filters> {
    let Filters {
        include,
        exclude,
        extract,
    } = filters.clone();
    [
        Filters {
            include,
            ..Filters::default()
        },
        Filters {
            exclude,
            ..Filters::default()
        },
        Filters {
            extract,
            ..Filters::default()
        },
    ]
    .into_iter()
    .filter(|filter| *filter != Filters::default())
}

fn option_of(error: &PolicyError, filter: &Filters) -> &'static str {
    match error {
        PolicyError::Pattern { option, .. } => option,
        PolicyError::FilteredTag if filter.include.is_some() => "include",
        PolicyError::FilteredTag if filter.exclude.is_some() => "exclude",
        _ => "extract",
    }
}

/// The policy as an inline table.
pub(super) fn to_toml(policy: &TagPolicy) -> Value {
    let mut table = Table::new();
    let mut set = |key: &str, value: Value| table.insert(key.to_owned(), value);
    match policy.order() {
        Order::Semver {
            range,
            prerelease,
            variant,
        } => {
            set("semver", range.to_string().into());
            if *prerelease {
                set("prerelease", true.into());
            }
            if let Some(variant) = variant {
                set("variant", variant.as_str().into());
            }
        }
        Order::Numeric(direction) => {
            set("numeric", word(*direction).into());
        }
        Order::Alphabetical(direction) => {
            set("alphabetical", word(*direction).into());
        }
        Order::Tag(tag) => {
            set("tag", tag.as_str().into());
        }
    }
    let filters = policy.filters();
    for (option, pattern) in [
        ("include", &filters.include),
        ("exclude", &filters.exclude),
        ("extract", &filters.extract),
    ] {
        if let Some(pattern) = pattern {
            set(option, pattern.as_str().into());
        }
    }
    Value::Table(table)
}

fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::Ascending => "asc",
        Direction::Descending => "desc",
    }
}
