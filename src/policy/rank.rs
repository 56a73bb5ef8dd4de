use std::cmp::Ordering;

use semver::Version;

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
