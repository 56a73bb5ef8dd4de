use registrywatcher_docker_engine::ApiVersion;
use serde_json::{Map, Value, json};

use crate::container::Container;

/// Networks of the engine itself, in which a container has no other names.
const BUILT_IN: [&str; 4] = ["bridge", "host", "none", "default"];

/// Since when `Aliases` holds what the user gave alone.
const CLEAN_ALIASES: ApiVersion = ApiVersion(1, 45);
/// Since when a network's place among the gateways is told.
const GATEWAY_PRIORITY: ApiVersion = ApiVersion(1, 48);

/// The container's networks with what its user wanted of each, and without what Docker gave it there; the one that it is
/// created in comes first.
pub(super) fn endpoints(container: &Container, version: ApiVersion) -> Vec<(String, Value)> {
    let mode = container.network_mode();
    if mode == "host" || mode == "none" || mode.starts_with("container:") {
        return Vec::new();
    }
    let is_first = |name: &str, told: &Value| {
        name == mode || told["NetworkID"] == mode || (mode == "default" && name == "bridge")
    };
    let mut found: Vec<_> = container.networks().collect();
    found.sort_by_key(|(name, told)| !is_first(name, told));
    found
        .into_iter()
        .map(|(name, told)| (name.clone(), wanted(name, told, container, version)))
        .collect()
}

fn wanted(name: &str, told: &Value, container: &Container, version: ApiVersion) -> Value {
    let mut endpoint = Map::new();
    for key in ["IPAMConfig", "Links", "DriverOpts"] {
        if let Some(value) = told.get(key).filter(|value| !value.is_null()) {
            endpoint.insert(key.to_owned(), value.clone());
        }
    }
    if version >= GATEWAY_PRIORITY
        && let Some(priority) = told.get("GwPriority")
    {
        endpoint.insert("GwPriority".to_owned(), priority.clone());
    }
    if !BUILT_IN.contains(&name) {
        let aliases = told["Aliases"].as_array().into_iter().flatten();
        let given = |alias: &&Value| version >= CLEAN_ALIASES || **alias != container.short_id();
        let aliases: Vec<&Value> = aliases.filter(given).collect();
        if !aliases.is_empty() {
            endpoint.insert("Aliases".to_owned(), json!(aliases));
        }
    }
    endpoint.into()
}

/// The MAC address that the user gave, where it must be written at the first network instead of in the `Config`.
pub(super) fn take_mac_address(
    config: &mut Map<String, Value>,
    version: ApiVersion,
) -> Option<Value> {
    let is_given = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    if version < ApiVersion::SEVERAL_NETWORKS && config.get("MacAddress").is_some_and(is_given) {
        return None;
    }
    config.remove("MacAddress").filter(is_given)
}
