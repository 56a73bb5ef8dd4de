use registrywatcher::deployment::RolloutHandle;
use serde::{Deserialize, Serialize};

use crate::object::{Container, Object};

/// How a rollout is found again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Handle {
    /// Of the object: one that is made anew under the same name has another.
    pub(crate) uid: String,
    /// Of the specification that our patch gave.
    pub(crate) generation: u64,
    pub(crate) container: String,
    /// The image that the container had before, if we know it.
    pub(crate) before: Option<String>,
    /// Whether nothing was patched, because the container had the image already.
    #[serde(default)]
    pub(crate) unchanged: bool,
}

impl Handle {
    /// Of an object that stands as it was wanted.
    pub(crate) fn of(object: &Object, container: Container<'_>) -> Self {
        Self {
            uid: object.uid().to_owned(),
            generation: object.generation(),
            container: container.name.to_owned(),
            before: None,
            unchanged: false,
        }
    }

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

    #[test]
    fn a_handle_reads_back_as_it_was_written() {
        let handle = Handle {
            uid: "u".into(),
            generation: 3,
            container: "app".into(),
            before: Some("team/web:v1".into()),
            unchanged: false,
        };
        assert_eq!(Handle::read(&handle.write()), Ok(handle));
        let error = Handle::read(&RolloutHandle("7".into())).unwrap_err();
        assert!(error.contains("cannot be read"), "{error}");
    }
}
