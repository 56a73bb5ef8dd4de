use std::fmt;
use std::str::FromStr;

/// What a manifest runs on, as the OCI image index writes it: `linux/amd64`, `linux/arm/v7`.
///
/// Spellings that mean the same are normalised, as containerd does: `x86_64` is `amd64`, `aarch64` is `arm64`, and the
/// default variants (`amd64/v1`, `arm64/v8`) are left out while a bare `arm` means `arm/v7`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

/// Why a string is not a [`Platform`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a platform reads `os/architecture` or `os/architecture/variant`, found `{found}`")]
pub struct ParsePlatformError {
    /// What was given.
    pub found: String,
}

impl Platform {
    /// Normalises the parts of an OCI index entry; `None` for entries that describe no platform, such as `BuildKit`
    /// attestations (`unknown/unknown`).
    pub fn new(os: &str, architecture: &str, variant: Option<&str>) -> Option<Self> {
        let os = os.to_ascii_lowercase();
        let architecture = architecture.to_ascii_lowercase();
        if os.is_empty() || architecture.is_empty() || os == "unknown" || architecture == "unknown"
        {
            return None;
        }
        let variant = variant.filter(|variant| !variant.is_empty());
        let (architecture, variant) = match (architecture.as_str(), variant) {
            ("x86_64" | "x86-64" | "amd64", None | Some("v1")) => ("amd64", None),
            ("x86_64" | "x86-64", variant) => ("amd64", variant),
            ("aarch64" | "arm64", None | Some("v8" | "8")) => ("arm64", None),
            ("aarch64", variant) => ("arm64", variant),
            ("armhf", _) | ("arm", None | Some("7")) => ("arm", Some("v7")),
            ("armel", _) | ("arm", Some("6")) => ("arm", Some("v6")),
            ("i386", _) => ("386", None),
            (other, variant) => (other, variant),
        };
        Some(Self {
            os,
            architecture: architecture.to_owned(),
            variant: variant.map(str::to_owned),
        })
    }

    /// The operating system, in Go's spelling (`linux`, `windows`).
    pub fn os(&self) -> &str {
        &self.os
    }

    /// The processor architecture, in Go's spelling (`amd64`, `arm64`).
    pub fn architecture(&self) -> &str {
        &self.architecture
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Platform {
    type Err = ParsePlatformError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('/');
        let platform = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(os), Some(architecture), variant, None) => Self::new(os, architecture, variant),
            _ => None,
        };
        platform.ok_or_else(|| ParsePlatformError {
            found: text.to_owned(),
        })
    }
}

crate::text::serde_as_text!(Platform);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn normalises(input: &str, expected: &str) {
        assert_eq!(input.parse::<Platform>().unwrap().to_string(), expected);
    }

    #[test]
    fn spellings_of_one_platform_are_one_platform() {
        normalises("linux/x86_64", "linux/amd64");
        normalises("linux/amd64/v1", "linux/amd64");
        normalises("linux/amd64/v3", "linux/amd64/v3");
        normalises("linux/aarch64", "linux/arm64");
        normalises("linux/arm64/v8", "linux/arm64");
        normalises("linux/arm", "linux/arm/v7");
        normalises("linux/armel", "linux/arm/v6");
    }

    #[test]
    fn an_attestation_has_no_platform() {
        assert_eq!(Platform::new("unknown", "unknown", None), None);
        assert!("linux".parse::<Platform>().is_err());
    }
}
