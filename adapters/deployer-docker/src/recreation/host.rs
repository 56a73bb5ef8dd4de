use serde_json::{Map, Value, json};

use crate::container::Container;

/// The `HostConfig` as it can be given back, with every volume that has no name of the user's, so that its data stays.
pub(super) fn config(container: &Container) -> Value {
    let mut host = container
        .host_config()
        .as_object()
        .cloned()
        .unwrap_or_default();
    if let Some(links) = host.get_mut("Links").and_then(Value::as_array_mut) {
        for link in links {
            if let Some(given) = link.as_str().and_then(as_given) {
                *link = given.into();
            }
        }
    }
    if host.get("MemorySwappiness") == Some(&json!(-1)) {
        host.insert("MemorySwappiness".to_owned(), Value::Null);
    }
    for unset in ["KernelMemory", "KernelMemoryTCP"] {
        if host.get(unset) == Some(&json!(0)) {
            host.remove(unset);
        }
    }
    if container.network_mode().starts_with("container:") {
        host.remove("PortBindings");
    }
    keep_volumes(&mut host, container.mounts());
    host.into()
}

/// A link is given as `target:alias` and told as `/target:/me/alias`.
fn as_given(told: &str) -> Option<String> {
    let (target, alias) = told.strip_prefix('/')?.split_once(':')?;
    let alias = alias.rsplit('/').next()?;
    Some(format!("{target}:{alias}"))
}

fn keep_volumes(host: &mut Map<String, Value>, told: &[Value]) {
    let bound: Vec<String> = host
        .get("Binds")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|bind| Some(bind.as_str()?.split(':').nth(1)?.to_owned()))
        .collect();
    let mut mounts = match host.get_mut("Mounts").map(Value::take) {
        Some(Value::Array(mounts)) => mounts,
        _ => Vec::new(),
    };
    for volume in told.iter().filter(|mount| mount["Type"] == "volume") {
        let (name, target) = (&volume["Name"], &volume["Destination"]);
        let given = mounts.iter_mut().find(|mount| mount["Target"] == *target);
        if let Some(given) = given {
            // `--mount type=volume,dst=/data` without a source is anonymous as well.
            if given["Type"] == "volume" && given["Source"].as_str().is_none_or(str::is_empty) {
                given["Source"] = name.clone();
            }
        } else if !bound.iter().any(|bound| *target == json!(bound)) {
            mounts.push(json!({
                "Type": "volume",
                "Source": name,
                "Target": target,
                "ReadOnly": volume["RW"] == false,
            }));
        }
    }
    if !mounts.is_empty() {
        host.insert("Mounts".to_owned(), mounts.into());
    }
}
