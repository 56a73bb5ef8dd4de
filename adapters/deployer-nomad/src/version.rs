use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use semver::Version;
use serde_json::Value;

use crate::client::{Client, Route};
use crate::error::ApiError;

/// The version of a Nomad, asked for when it matters.
#[derive(Debug, Default)]
pub(crate) struct KnownVersion(Mutex<Option<Asked>>);

#[derive(Debug, Clone)]
struct Asked {
    version: Option<Version>,
    at: Duration,
}

/// How long an answer holds: Nomad may be upgraded.
const HOLDS: Duration = Duration::from_mins(10);

impl KnownVersion {
    /// The version, or `None` where the token may not ask (`agent:read`): deploying must not depend on that.
    pub(crate) async fn get(
        &self,
        client: &Client,
        namespace: &str,
        now: Duration,
    ) -> Option<Version> {
        let known = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(known) = known.filter(|known| now.saturating_sub(known.at) < HOLDS) {
            return known.version;
        }
        let version = match client
            .read::<Value>(&Route::new(namespace, &["agent", "self"]))
            .await
        {
            Ok(agent) => version_of(&agent.value),
            Err(ApiError::Denied(_)) => None,
            Err(error) => {
                tracing::debug!("nomad does not tell its version: {error}");
                return None;
            }
        };
        let asked = Asked {
            version: version.clone(),
            at: now,
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(asked);
        version
    }
}

/// `/v1/agent/self` has it as `config.Version.Version`, and in the tags of its gossip member.
fn version_of(agent: &Value) -> Option<Version> {
    [
        &agent["config"]["Version"]["Version"],
        &agent["member"]["Tags"]["build"],
    ]
    .iter()
    .find_map(|found| Version::parse(found.as_str()?.trim_start_matches('v')).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_version_is_read_from_either_place() {
        let version = |agent| version_of(&agent).map(|version| version.to_string());
        let of_config = version(json!({ "config": { "Version": { "Version": "1.9.5" } } }));
        assert_eq!(of_config.as_deref(), Some("1.9.5"));
        let of_member = version(json!({ "member": { "Tags": { "build": "1.10.0+ent" } } }));
        assert_eq!(of_member.as_deref(), Some("1.10.0+ent"));
        assert_eq!(version(json!({})), None);
    }
}
