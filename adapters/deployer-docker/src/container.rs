use std::collections::HashMap;
use std::time::Duration;

use registrywatcher::image::ImageReference;
use serde::Deserialize;
use serde_json::Value;

use registrywatcher_docker_engine::ApiError;

/// A container as Docker tells it, and as it can be made again.
#[derive(Debug, Clone)]
pub(crate) struct Container {
    raw: Value,
    parts: Parts,
}

/// What is read of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parts {
    id: String,
    name: String,
    /// The id of its image.
    image: String,
    #[serde(default)]
    state: State,
    #[serde(default)]
    restart_count: u32,
}

/// In what state a container is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[expect(clippy::struct_excessive_bools, reason = "as Docker tells it")]
pub(crate) struct State {
    pub(crate) status: String,
    pub(crate) running: bool,
    pub(crate) restarting: bool,
    pub(crate) paused: bool,
    #[serde(rename = "OOMKilled")]
    pub(crate) oom_killed: bool,
    pub(crate) exit_code: i64,
    pub(crate) error: String,
    pub(crate) health: Option<Health>,
}

/// What its health check says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Health {
    pub(crate) status: String,
    pub(crate) log: Option<Vec<Probe>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Probe {
    pub(crate) exit_code: i64,
    pub(crate) output: String,
}

/// A container in a list.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Summary {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) names: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) labels: Option<HashMap<String, String>>,
    #[serde(default)]
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) host_config: Value,
}

impl Container {
    pub(crate) fn read(raw: Value) -> Result<Self, ApiError> {
        let parts = Parts::deserialize(&raw)
            .map_err(|_| ApiError::malformed("id, name and image of a container"))?;
        Ok(Self { raw, parts })
    }

    pub(crate) fn id(&self) -> &str {
        &self.parts.id
    }

    /// The id as people see it, which is also the name that a container has of itself where nobody gave it one.
    pub(crate) fn short_id(&self) -> &str {
        self.parts.id.get(..12).unwrap_or(&self.parts.id)
    }

    pub(crate) fn name(&self) -> &str {
        self.parts.name.trim_start_matches('/')
    }

    pub(crate) fn image_id(&self) -> &str {
        &self.parts.image
    }

    /// The image as it was written when the container was made; `None` where it was written as an id, which may look like a
    /// name.
    pub(crate) fn image_as_written(&self) -> Option<ImageReference> {
        let written = self.raw["Config"]["Image"].as_str()?;
        let id = written.strip_prefix("sha256:").unwrap_or(written);
        let is_id = id.len() >= 12 && id.bytes().all(|c| c.is_ascii_hexdigit());
        if is_id { None } else { written.parse().ok() }
    }

    /// The labels that its user gave, and those of its image.
    pub(crate) fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        let labels = self.raw["Config"]["Labels"].as_object();
        labels
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
    }

    pub(crate) fn state(&self) -> &State {
        &self.parts.state
    }

    pub(crate) fn is_up(&self) -> bool {
        self.parts.state.running || self.parts.state.restarting
    }

    pub(crate) fn was_never_started(&self) -> bool {
        self.parts.state.status == "created"
    }

    /// How often Docker has restarted it by its restart policy.
    pub(crate) fn restart_count(&self) -> u32 {
        self.parts.restart_count
    }

    pub(crate) fn label(&self, key: &str) -> Option<&str> {
        self.raw["Config"]["Labels"].get(key)?.as_str()
    }

    pub(crate) fn config(&self) -> &Value {
        &self.raw["Config"]
    }

    pub(crate) fn host_config(&self) -> &Value {
        &self.raw["HostConfig"]
    }

    pub(crate) fn mounts(&self) -> &[Value] {
        self.raw["Mounts"].as_array().map_or(&[], Vec::as_slice)
    }

    pub(crate) fn networks(&self) -> impl Iterator<Item = (&String, &Value)> {
        let networks = self.raw["NetworkSettings"]["Networks"].as_object();
        networks.into_iter().flatten()
    }

    pub(crate) fn network_mode(&self) -> &str {
        self.raw["HostConfig"]["NetworkMode"]
            .as_str()
            .unwrap_or_default()
    }

    pub(crate) fn restart_policy(&self) -> &Value {
        &self.raw["HostConfig"]["RestartPolicy"]
    }

    pub(crate) fn removes_itself(&self) -> bool {
        self.raw["HostConfig"]["AutoRemove"] == true
    }

    pub(crate) fn has_terminal(&self) -> bool {
        self.raw["Config"]["Tty"] == true
    }

    pub(crate) fn stop_timeout(&self) -> Option<Duration> {
        self.raw["Config"]["StopTimeout"]
            .as_u64()
            .map(Duration::from_secs)
    }
}

impl Summary {
    pub(crate) fn label(&self, key: &str) -> Option<&str> {
        self.labels.as_ref()?.get(key).map(String::as_str)
    }

    /// Its own name; where others have a link to it, it has names of theirs too.
    pub(crate) fn name(&self) -> &str {
        self.own_names().next().unwrap_or(&self.id)
    }

    /// Its own name; while it is renamed, the old one and the new one.
    pub(crate) fn own_names(&self) -> impl Iterator<Item = &str> {
        let names = self.names.iter().flatten();
        names
            .map(|name| name.trim_start_matches('/'))
            .filter(|name| !name.contains('/'))
    }
}
