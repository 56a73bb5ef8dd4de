use serde_json::{Map, Value, json};

use crate::container::Container;
use crate::mark;

/// Settings that a container has from its image unless its user gave others.
const PLAIN: [&str; 6] = [
    "User",
    "WorkingDir",
    "StopSignal",
    "Shell",
    "OnBuild",
    "ArgsEscaped",
];

/// The `Config` of a container without what it has from its image, so that the new image's own comes to hold.
pub(super) fn of_user(container: &Container, image: &Value) -> Map<String, Value> {
    let mut config = container.config().as_object().cloned().unwrap_or_default();
    for key in PLAIN {
        if config.get(key) == image.get(key) {
            config.remove(key);
        }
    }
    for key in ["Labels", "Volumes", "ExposedPorts", "Healthcheck"] {
        subtract_entries(&mut config, key, &image[key]);
    }
    if let Some(labels) = config.get_mut("Labels").and_then(Value::as_object_mut) {
        labels.retain(|key, _| !mark::ALL.contains(&key.as_str()));
    }
    subtract_environment(&mut config, &image["Env"]);
    subtract_command(&mut config, image);
    drop_host_name(&mut config, container);
    config
}

fn subtract_entries(config: &mut Map<String, Value>, key: &str, image: &Value) {
    let Some(own) = config.get_mut(key).and_then(Value::as_object_mut) else {
        return;
    };
    own.retain(|entry, value| image.get(entry) != Some(value));
    if own.is_empty() {
        config.remove(key);
    }
}

fn subtract_environment(config: &mut Map<String, Value>, image: &Value) {
    let inherited = image.as_array().map_or(&[][..], Vec::as_slice);
    if let Some(own) = config.get_mut("Env").and_then(Value::as_array_mut) {
        own.retain(|variable| !inherited.contains(variable));
    }
}

/// A command goes with its entry point: the image's command holds only where its entry point does.
fn subtract_command(config: &mut Map<String, Value>, image: &Value) {
    let part = |of: &Value, key: &str| of.get(key).filter(|value| !is_blank(value)).cloned();
    let own = Value::Object(std::mem::take(config));
    let (entry, inherited) = (part(&own, "Entrypoint"), part(image, "Entrypoint"));
    let same_entry = entry == inherited;
    let same_command = part(&own, "Cmd") == part(image, "Cmd");
    if let Value::Object(own) = own {
        *config = own;
    }
    if same_entry {
        config.remove("Entrypoint");
        if same_command {
            config.remove("Cmd");
        }
    } else if entry.is_none() {
        // As `--entrypoint ""`: nothing is not enough to keep an image's own from holding.
        config.insert("Entrypoint".to_owned(), json!([""]));
    }
}

/// Drops a host name that Docker made of the id, and what is illegal where the container has another's.
fn drop_host_name(config: &mut Map<String, Value>, container: &Container) {
    let mode = container.network_mode();
    let of_another = mode == "host" || mode.starts_with("container:");
    let is_made_up = config.get("Hostname").and_then(Value::as_str) == Some(container.short_id());
    if is_made_up || of_another || container.host_config()["UTSMode"] == "host" {
        config.remove("Hostname");
    }
    if of_another {
        config.remove("Domainname");
    }
    if mode.starts_with("container:") {
        config.remove("ExposedPorts");
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(entries) => entries.is_empty(),
        _ => false,
    }
}
