use std::cmp::Ordering;

/// A version as the model reads it, by rules of its own: `v1.2.3`, `v1.2.3-rc.1`, the `v` being optional.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) numbers: [u64; 3],
    /// The number of the release candidate, for a prerelease.
    pub(crate) candidate: Option<u64>,
}

impl Version {
    pub(crate) fn read(tag: &str) -> Option<Self> {
        let text = tag.strip_prefix('v').unwrap_or(tag);
        let (core, candidate) = match text.split_once("-rc.") {
            Some((core, number)) => (core, Some(number.parse().ok()?)),
            None => (text, None),
        };
        let mut parts = core.split('.').map(str::parse);
        let numbers = [
            parts.next()?.ok()?,
            parts.next()?.ok()?,
            parts.next()?.ok()?,
        ];
        parts
            .next()
            .is_none()
            .then_some(Self { numbers, candidate })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    /// A candidate comes before its release.
    fn cmp(&self, other: &Self) -> Ordering {
        let last = |version: &Self| version.candidate.unwrap_or(u64::MAX);
        (self.numbers, last(self)).cmp(&(other.numbers, last(other)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_ordered() {
        let read = |tag| Version::read(tag).unwrap();
        assert!(read("v1.10.0") > read("v1.9.9"));
        assert!(read("v1.10.0-rc.2") < read("1.10.0"));
        assert!(read("v1.10.0-rc.10") > read("v1.10.0-rc.9"));
        assert_eq!(Version::read("latest"), None);
        assert_eq!(Version::read("v1.2"), None);
        assert_eq!(Version::read("v1.2.3-nightly"), None);
    }
}
