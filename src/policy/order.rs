use std::fmt;

use semver::VersionReq;

use super::PolicyError;
use crate::image::Tag;

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

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Semver {
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
            Self::Numeric(direction) => write!(f, "numeric{direction}")?,
            Self::Alphabetical(direction) => write!(f, "alphabetical{direction}")?,
            Self::Tag(tag) => write!(f, "tag {tag}")?,
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
