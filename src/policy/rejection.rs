use std::fmt;

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

impl Rejection {
    /// The reason in one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Artifact => "artifact",
            Self::NotIncluded => "not_included",
            Self::Excluded => "excluded",
            Self::NotExtracted => "not_extracted",
            Self::NotAVersion => "not_a_version",
            Self::OtherVariant => "other_variant",
            Self::Prerelease => "prerelease",
            Self::OutsideRange => "outside_range",
            Self::NotANumber => "not_a_number",
            Self::OtherTag => "other_tag",
        }
    }
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
