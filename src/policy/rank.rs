use std::cmp::Ordering;

use semver::Version;

use super::{Direction, Order, Rejection, TagPolicy, parse_version};

/// Where a tag stands in the order of its policy.
#[derive(Debug)]
pub(super) enum Rank<'a> {
    Version(Version),
    Number { integer: u128, fraction: &'a str },
    Text(&'a str),
}

impl<'a> Rank<'a> {
    /// Reads a decimal number of any length that occurs in tags, without rounding: `20261124`, `007`, `1.25`.
    pub(super) fn number(text: &'a str) -> Option<Self> {
        let (integer, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_decimal =
            |digits: &str| !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit());
        if !is_decimal(integer) || !is_decimal(fraction) {
            return None;
        }
        // Trailing zeros say nothing, and digits after the point compare as text.
        Some(Self::Number {
            integer: integer.parse().ok()?,
            fraction: fraction.trim_end_matches('0'),
        })
    }

    /// The order of the values themselves, ascending; ranks of one policy are of one kind.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Version(a), Self::Version(b)) => a.cmp_precedence(b),
            (
                Self::Number {
                    integer: a,
                    fraction: x,
                },
                Self::Number {
                    integer: b,
                    fraction: y,
                },
            ) => a.cmp(b).then_with(|| x.cmp(y)),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            _ => Ordering::Equal,
        }
    }

    /// The number in the build metadata of a version: `12` of `1.4.0_12`.
    pub(super) fn build(&self) -> Option<u64> {
        match self {
            Self::Version(version) => version.build.parse().ok(),
            _ => None,
        }
    }
}

impl TagPolicy {
    pub(super) fn rank<'a>(&self, tag: &'a str) -> Result<Rank<'a>, Rejection> {
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
                let core = Version::new(version.major, version.minor, version.patch);
                if !range.matches(&core) {
                    return Err(Rejection::OutsideRange);
                }
                Ok(Rank::Version(version))
            }
            Order::Numeric(_) => Rank::number(compared).ok_or(Rejection::NotANumber),
            Order::Alphabetical(_) | Order::Tag(_) => Ok(Rank::Text(compared)),
        }
    }

    pub(super) fn rank_unfiltered<'a>(&self, tag: &'a str) -> Option<Rank<'a>> {
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

    pub(super) fn directed(&self, a: &Rank<'_>, b: &Rank<'_>) -> Ordering {
        let ascending = a.compare(b);
        match &self.order {
            Order::Numeric(Direction::Descending) | Order::Alphabetical(Direction::Descending) => {
                ascending.reverse()
            }
            _ => ascending,
        }
    }
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
