use registrywatcher::deployment::RolloutHandle;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is to be replaced, as it was when the deployment was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Handle {
    /// The id of the container.
    pub(crate) replaces: String,
    /// Its restart policy, which is off while it waits.
    pub(crate) restart_policy: Value,
    /// Whether nothing is to be done, because it runs the image already.
    #[serde(default)]
    pub(crate) unchanged: bool,
}

impl Handle {
    pub(crate) fn read(handle: &RolloutHandle) -> Result<Self, String> {
        serde_json::from_str(&handle.0)
            .map_err(|error| format!("its handle cannot be read: {error}"))
    }

    pub(crate) fn write(&self) -> RolloutHandle {
        RolloutHandle(serde_json::json!(self).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_handle_reads_back_as_it_was_written() {
        let handle = Handle {
            replaces: "ab".repeat(32),
            restart_policy: json!({ "Name": "on-failure", "MaximumRetryCount": 3 }),
            unchanged: false,
        };
        assert_eq!(Handle::read(&handle.write()), Ok(handle));
        let error = Handle::read(&RolloutHandle("7".into())).unwrap_err();
        assert!(error.contains("cannot be read"), "{error}");
    }
}
