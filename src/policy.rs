//! Which tag of a repository is wanted: [`TagPolicy`].

mod order;
mod rank;
mod rejection;
mod version;

use std::cmp::Ordering;
use std::fmt;

use regex::Regex;

use crate::image::{Tag, TagList};
use rank::Rank;

pub use order::{Direction, Order};
pub use rejection::Rejection;
pub use version::parse_version;

/// The rule by which a tracked watch picks its tag.
#[derive(Debug, Clone)]
pub struct TagPolicy {
    order: Order,
    include: Option<Regex>,
    exclude: Option<Regex>,
    extract: Option<Regex>,
}

/// Regular expressions that narrow a policy. They run in linear time, whatever the tag.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    /// Only tags that match count.
    pub include: Option<String>,
    /// Tags that match never count.
    pub exclude: Option<String>,
    /// The first capture group is compared instead of the tag; tags that do not match never count.
    pub extract: Option<String>,
}

/// Why a policy cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The range breaks Cargo's syntax.
    #[error("`{range}` is no version range: {problem}")]
    Range {
        /// What was given.
        range: String,
        /// The parser's words.
        problem: String,
    },
    /// A pattern breaks the syntax of regular expressions.
    #[error("`{option}` is no regular expression: {problem}")]
    Pattern {
        /// Which option.
        option: &'static str,
        /// The parser's words.
        problem: String,
    },
    /// `extract` has nothing to extract.
    #[error("`extract` needs a capture group, such as `^build-(\\d+)$`, found `{found}`")]
    NoCaptureGroup {
        /// What was given.
        found: String,
    },
    /// A filter beside a fixed tag.
    #[error("a fixed tag takes neither `include`, `exclude` nor `extract`")]
    FilteredTag,
}

/// What a policy picked from a list of tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The wanted tag, if any is admitted.
    pub wanted: Option<Tag>,
    /// How many tags the policy admits.
    pub admitted: usize,
    /// How many it does not.
    pub rejected: usize,
}

impl TagPolicy {
    /// A policy of an order and the filters before it.
    pub fn new(order: Order, filters: &Filters) -> Result<Self, PolicyError> {
        if matches!(order, Order::Tag(_)) && *filters != Filters::default() {
            return Err(PolicyError::FilteredTag);
        }
        let extract = compile("extract", filters.extract.as_deref())?;
        if let Some(regex) = extract.as_ref().filter(|regex| regex.captures_len() < 2) {
            return Err(PolicyError::NoCaptureGroup {
                found: regex.as_str().to_owned(),
            });
        }
        Ok(Self {
            order,
            include: compile("include", filters.include.as_deref())?,
            exclude: compile("exclude", filters.exclude.as_deref())?,
            extract,
        })
    }

    /// How admitted tags are ordered.
    pub fn order(&self) -> &Order {
        &self.order
    }

    /// The patterns that narrow it.
    pub fn filters(&self) -> Filters {
        let pattern = |regex: &Option<Regex>| regex.as_ref().map(|regex| regex.as_str().to_owned());
        Filters {
            include: pattern(&self.include),
            exclude: pattern(&self.exclude),
            extract: pattern(&self.extract),
        }
    }

    /// The one tag that is followed by digest, if the policy names one; such a watch needs no listing.
    pub fn fixed_tag(&self) -> Option<&Tag> {
        match &self.order {
            Order::Tag(tag) => Some(tag),
            _ => None,
        }
    }

    /// Picks the wanted tag.
    ///
    /// Equal versions are one version, so among them `last_deployed` wins, then the higher numeric build, then byte order:
    /// the choice never flaps between spellings.
    pub fn select(&self, tags: &TagList, last_deployed: Option<&Tag>) -> Selection {
        let last_deployed = last_deployed.map(Tag::as_str);
        let mut best: Option<(Rank<'_>, &str)> = None;
        let mut admitted = 0;
        for tag in tags.iter() {
            let Ok(rank) = self.rank(tag) else { continue };
            admitted += 1;
            let ranked = (rank, tag);
            let wins = best
                .as_ref()
                .is_none_or(|best| self.order_of(&ranked, best, last_deployed).is_gt());
            if wins {
                best = Some(ranked);
            }
        }
        Selection {
            wanted: best.map(|(_, tag)| Tag::from_checked(tag)),
            admitted,
            rejected: tags.len() - admitted,
        }
    }

    /// The first `limit` of the tags that are admitted, the wanted one first.
    pub fn best(&self, tags: &TagList, last_deployed: Option<&Tag>, limit: usize) -> Vec<Tag> {
        let last_deployed = last_deployed.map(Tag::as_str);
        let ranked = tags
            .iter()
            .filter_map(|tag| Some((self.rank(tag).ok()?, tag)));
        let mut ranked: Vec<(Rank<'_>, &str)> = ranked.collect();
        ranked.sort_by(|a, b| self.order_of(b, a, last_deployed));
        let best = ranked.into_iter().take(limit);
        best.map(|(_, tag)| Tag::from_checked(tag)).collect()
    }

    fn order_of(
        &self,
        (rank, tag): &(Rank<'_>, &str),
        (other_rank, other_tag): &(Rank<'_>, &str),
        last_deployed: Option<&str>,
    ) -> Ordering {
        let is_last = |tag: &str| last_deployed == Some(tag);
        self.directed(rank, other_rank)
            .then_with(|| is_last(tag).cmp(&is_last(other_tag)))
            .then_with(|| rank.build().cmp(&other_rank.build()))
            .then_with(|| tag.cmp(other_tag))
    }

    /// The version that `tag` is read as, whether or not it is admitted; `None` if it is none, or versions do not count.
    pub fn version_of(&self, tag: &Tag) -> Option<semver::Version> {
        match self.rank_unfiltered(tag.as_str())? {
            Rank::Version(version) => Some(version),
            _ => None,
        }
    }

    /// Whether `tag` counts, and if not, why.
    pub fn admit(&self, tag: &Tag) -> Result<(), Rejection> {
        self.rank(tag.as_str()).map(|_| ())
    }

    /// How `a` is ordered against `b`, whether or not either is admitted; `None` where they cannot be compared.
    ///
    /// A version outside the range is still a version: what runs may have been deployed under another policy.
    pub fn compare(&self, a: &Tag, b: &Tag) -> Option<Ordering> {
        let (a, b) = (
            self.rank_unfiltered(a.as_str())?,
            self.rank_unfiltered(b.as_str())?,
        );
        Some(self.directed(&a, &b))
    }
}

impl fmt::Display for TagPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.order)?;
        for (name, filter) in [
            ("include", &self.include),
            ("exclude", &self.exclude),
            ("extract", &self.extract),
        ] {
            if let Some(filter) = filter {
                write!(f, ", {name} {filter}")?;
            }
        }
        Ok(())
    }
}

impl PartialEq for TagPolicy {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order && self.filters() == other.filters()
    }
}

fn compile(option: &'static str, pattern: Option<&str>) -> Result<Option<Regex>, PolicyError> {
    pattern
        .map(Regex::new)
        .transpose()
        .map_err(|error| PolicyError::Pattern {
            option,
            problem: error.to_string(),
        })
}

#[cfg(test)]
mod tests;
