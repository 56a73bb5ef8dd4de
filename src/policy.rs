//! Which tag of a repository is wanted: [`TagPolicy`].

mod rank;
mod version;

use std::cmp::Ordering;
use std::fmt;

use regex::Regex;
use semver::VersionReq;

use crate::image::{Tag, TagList};
use rank::Rank;
pub use version::parse_version;

/// The rule by which a tracked watch picks its tag.
#[derive(Debug, Clone)]
pub struct TagPolicy {
    order: Order,
    include: Option<Regex>,
    exclude: Option<Regex>,
    extract: Option<Regex>,
}

/// How admitted tags are ordered; the greatest is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// By version, inside a range.
    Semver {
        /// The range, in Cargo's syntax: `*`, `^1.4`, `>=2, <3`.
        range: VersionReq,
        /// Whether pre-releases count; if so, the range is matched on `major.minor.patch` alone.
        prerelease: bool,
        /// Only tags that end in `-<variant>` count, and are ordered without it: `alpine` for `1.2.3-alpine`.
        variant: Option<String>,
    },
    /// By number.
    Numeric(Direction),
    /// By bytes.
    Alphabetical(Direction),
    /// One mutable tag, followed by digest.
    Tag(Tag),
}

/// Which end of an order is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// The last in ascending order: the highest.
    #[default]
    Ascending,
    /// The last in descending order: the lowest.
    Descending,
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

/// Why a tag does not count under a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rejection {
    /// It names a signature, attestation or SBOM (`sha256-<hex>.sig`), not an image.
    Artifact,
    /// `include` does not match.
    NotIncluded,
    /// `exclude` matches.
    Excluded,
    /// `extract` does not match.
    NotExtracted,
    /// It is no version.
    NotAVersion,
    /// It is a version of another variant.
    OtherVariant,
    /// It is a pre-release, and those are off.
    Prerelease,
    /// It is a version outside the range.
    OutsideRange,
    /// It is no number.
    NotANumber,
    /// It is not the one tag that is followed.
    OtherTag,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Artifact => "a signature or attestation, not an image",
            Self::NotIncluded => "not matched by `include`",
            Self::Excluded => "matched by `exclude`",
            Self::NotExtracted => "not matched by `extract`",
            Self::NotAVersion => "not a version",
            Self::OtherVariant => "another variant",
            Self::Prerelease => "a pre-release",
            Self::OutsideRange => "outside the range",
            Self::NotANumber => "not a number",
            Self::OtherTag => "not the tag that is followed",
        })
    }
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

impl Order {
    /// The order of versions inside `range`, without pre-releases and variants.
    pub fn semver(range: &str) -> Result<Self, PolicyError> {
        let range = VersionReq::parse(range).map_err(|error| PolicyError::Range {
            range: range.to_owned(),
            problem: error.to_string(),
        })?;
        Ok(Self::Semver {
            range,
            prerelease: false,
            variant: None,
        })
    }
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
            let wins = best.as_ref().is_none_or(|(best_rank, best_tag)| {
                self.directed(&rank, best_rank)
                    .then_with(|| {
                        (last_deployed == Some(tag)).cmp(&(last_deployed == Some(best_tag)))
                    })
                    .then_with(|| rank.build().cmp(&best_rank.build()))
                    .then_with(|| tag.cmp(best_tag))
                    .is_gt()
            });
            if wins {
                best = Some((rank, tag));
            }
        }
        Selection {
            wanted: best.map(|(_, tag)| Tag::from_checked(tag)),
            admitted,
            rejected: tags.len() - admitted,
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

    fn rank<'a>(&self, tag: &'a str) -> Result<Rank<'a>, Rejection> {
        if let Order::Tag(wanted) = &self.order {
            return if wanted.as_str() == tag {
                Ok(Rank::Text(tag))
            } else {
                Err(Rejection::OtherTag)
            };
        }
        if is_artifact(tag) {
            return Err(Rejection::Artifact);
        }
        if self
            .include
            .as_ref()
            .is_some_and(|include| !include.is_match(tag))
        {
            return Err(Rejection::NotIncluded);
        }
        if self
            .exclude
            .as_ref()
            .is_some_and(|exclude| exclude.is_match(tag))
        {
            return Err(Rejection::Excluded);
        }
        let compared = self.extracted(tag).ok_or(Rejection::NotExtracted)?;
        match &self.order {
            Order::Semver {
                range,
                prerelease,
                variant,
            } => {
                let compared = match variant {
                    Some(variant) => {
                        without_variant(compared, variant).ok_or(Rejection::OtherVariant)?
                    }
                    None => compared,
                };
                let version = parse_version(compared).ok_or(Rejection::NotAVersion)?;
                if !version.pre.is_empty() && !prerelease {
                    return Err(Rejection::Prerelease);
                }
                let core = semver::Version::new(version.major, version.minor, version.patch);
                if !range.matches(&core) {
                    return Err(Rejection::OutsideRange);
                }
                Ok(Rank::Version(version))
            }
            Order::Numeric(_) => Rank::number(compared).ok_or(Rejection::NotANumber),
            Order::Alphabetical(_) | Order::Tag(_) => Ok(Rank::Text(compared)),
        }
    }

    fn rank_unfiltered<'a>(&self, tag: &'a str) -> Option<Rank<'a>> {
        let compared = self.extracted(tag).unwrap_or(tag);
        match &self.order {
            Order::Semver { variant, .. } => {
                let compared = variant
                    .as_deref()
                    .and_then(|variant| without_variant(compared, variant))
                    .unwrap_or(compared);
                parse_version(compared).map(Rank::Version)
            }
            Order::Numeric(_) => Rank::number(compared),
            Order::Alphabetical(_) => Some(Rank::Text(compared)),
            Order::Tag(_) => None,
        }
    }

    fn extracted<'a>(&self, tag: &'a str) -> Option<&'a str> {
        match &self.extract {
            Some(extract) => extract.captures(tag)?.get(1).map(|group| group.as_str()),
            None => Some(tag),
        }
    }

    fn directed(&self, a: &Rank<'_>, b: &Rank<'_>) -> Ordering {
        let ascending = a.compare(b);
        match &self.order {
            Order::Numeric(Direction::Descending) | Order::Alphabetical(Direction::Descending) => {
                ascending.reverse()
            }
            _ => ascending,
        }
    }
}

impl fmt::Display for TagPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.order {
            Order::Semver {
                range,
                prerelease,
                variant,
            } => {
                write!(f, "semver {range}")?;
                if *prerelease {
                    f.write_str(" with pre-releases")?;
                }
                if let Some(variant) = variant {
                    write!(f, ", variant {variant}")?;
                }
            }
            Order::Numeric(direction) => write!(f, "numeric{direction}")?,
            Order::Alphabetical(direction) => write!(f, "alphabetical{direction}")?,
            Order::Tag(tag) => write!(f, "tag {tag}")?,
        }
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

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ascending => "",
            Self::Descending => ", lowest first",
        })
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

/// `1.2.3` of `1.2.3-alpine`.
fn without_variant<'a>(tag: &'a str, variant: &str) -> Option<&'a str> {
    tag.strip_suffix(variant)?.strip_suffix('-')
}

/// Whether a tag is the fallback name of a signature, attestation or SBOM (cosign, OCI referrers tag schema).
fn is_artifact(tag: &str) -> bool {
    tag.strip_prefix("sha256-").is_some_and(|rest| {
        let (hex, kind) = rest.split_once('.').unwrap_or((rest, "sig"));
        hex.len() == 64
            && hex.bytes().all(|c| c.is_ascii_hexdigit())
            && matches!(kind, "sig" | "att" | "sbom")
    })
}

#[cfg(test)]
mod tests;
