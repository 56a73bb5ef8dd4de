use std::fmt;

use serde_json::Value;

use crate::error::ApiError;

/// A version of the API: its major and its minor number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion(pub u32, pub u32);

impl ApiVersion {
    /// Engine 20.10.
    const OLDEST: Self = Self(1, 41);
    /// The newest whose changes to containers and services are known here.
    const NEWEST: Self = Self(1, 52);
    /// Since when a container is created in several networks at once, and a MAC address belongs to one of them.
    pub const SEVERAL_NETWORKS: Self = Self(1, 44);

    /// The version to speak with an engine that answers so to `GET /version`.
    pub fn negotiate(answer: &Value) -> Result<Self, ApiError> {
        let version = |key: &str| Self::read(answer.get(key)?.as_str()?);
        let newest =
            version("ApiVersion").ok_or_else(|| ApiError::malformed("version of its API"))?;
        if newest < Self::OLDEST {
            return Err(ApiError::Rejected(format!(
                "that it speaks version {newest} of its API; {} (Engine 20.10) or newer is needed",
                Self::OLDEST
            )));
        }
        let oldest = version("MinAPIVersion").unwrap_or(Self::OLDEST);
        Ok(newest.min(Self::NEWEST).max(oldest))
    }

    fn read(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        Some(Self(major.parse().ok()?, minor.parse().ok()?))
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn speaks(newest: &str, oldest: &str, expected: Option<&str>) {
        let answer = json!({ "ApiVersion": newest, "MinAPIVersion": oldest });
        let spoken = ApiVersion::negotiate(&answer).ok().map(|v| v.to_string());
        assert_eq!(spoken.as_deref(), expected, "{newest}, {oldest}");
    }

    #[test]
    fn the_newest_version_that_both_know_is_spoken() {
        speaks("1.41", "1.12", Some("1.41"));
        speaks("1.47", "1.24", Some("1.47"));
        speaks("1.60", "1.44", Some("1.52"));
        speaks("1.60", "1.55", Some("1.55"));
        speaks("1.40", "1.12", None);
        speaks("", "", None);
    }
}
