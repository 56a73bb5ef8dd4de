use std::fmt::Debug;

use super::tables::{code, escaped};

/// A kind of deployer: its name, the source of its settings, their defaults, and what the address of a workload has.
struct Kind {
    name: &'static str,
    source: &'static str,
    defaults: String,
    address: &'static str,
}

fn defaults(settings: impl Debug) -> String {
    format!("{settings:#?}")
}

fn kinds() -> Vec<Kind> {
    vec![
        Kind {
            name: "nomad",
            source: include_str!("../../../../../adapters/deployer-nomad/src/settings.rs"),
            defaults: defaults(registrywatcher_deployer_nomad::Settings::default()),
            address: "`job`, and perhaps `namespace`, `group` and `task`",
        },
        Kind {
            name: "docker",
            source: include_str!("../../../../../adapters/deployer-docker/src/settings.rs"),
            defaults: defaults(registrywatcher_deployer_docker::Settings::default()),
            address: "`container`, its name",
        },
        Kind {
            name: "swarm",
            source: include_str!("../../../../../adapters/docker-engine/src/settings.rs"),
            defaults: defaults(registrywatcher_deployer_swarm::Settings::default()),
            address: "`service`, its name",
        },
        #[cfg(feature = "kubernetes")]
        Kind {
            name: "kubernetes",
            source: include_str!("../../../../../adapters/deployer-kubernetes/src/settings.rs"),
            defaults: defaults(registrywatcher_deployer_kubernetes::Settings::default()),
            address: "`name`, and perhaps `namespace`, `container` and `kind`: `deployment` (the default), \
                      `statefulset`, `daemonset` or `cronjob`",
        },
        Kind {
            name: "exec",
            source: include_str!("../../../../../adapters/deployer-exec/src/settings.rs"),
            defaults: defaults(registrywatcher_deployer_exec::Settings::of_command(
                Vec::new(),
            )),
            address: "whatever the command makes something of",
        },
        Kind {
            name: "webhook",
            source: include_str!("../../../../../adapters/deployer-webhook/src/settings.rs"),
            defaults: defaults(registrywatcher_deployer_webhook::Settings::default()),
            address: "whatever the receiver makes something of",
        },
    ]
}

/// How the kinds are called in a configuration.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    kinds().into_iter().map(|kind| kind.name)
}

/// A table for each kind.
pub(super) fn tables() -> String {
    let mut text = String::from(
        "## Deployers\n\nWhat stands in `[deployers.<name>]` besides the keys above, and what a workload has besides `deployer`. \
         Which of them to take is told in [deployers.md](deployers.md).\n",
    );
    for kind in kinds() {
        let Kind { name, address, .. } = kind;
        text.extend(["\n### `kind = \"", name, "\"`\n\nA workload has ", address]);
        text += ".\n\n| key | default | |\n|---|---|---|\n";
        let rows = rows(&kind);
        assert!(rows.len() > 4, "{name} has settings: {rows:?}");
        text += &rows.concat();
    }
    text
}

/// The public fields of `Settings`, with their comments, as they stand in the source.
fn rows(kind: &Kind) -> Vec<String> {
    let (_, source) = kind.source.split_once("pub struct Settings {\n").unwrap();
    let (fields, _) = source.split_once("\n}\n").unwrap();
    let mut rows = Vec::new();
    let mut comment = Vec::new();
    for line in fields.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("///") {
            comment.push(text.trim());
        } else if let Some((name, _)) = line
            .strip_prefix("pub ")
            .and_then(|field| field.split_once(": "))
        {
            let default = default_of(name, &kind.defaults);
            let meaning = escaped(&comment.join(" "));
            rows.push(format!("| {} | {default} | {meaning} |\n", code(name)));
            comment.clear();
        }
    }
    rows
}

/// The default as a configuration has it; nothing where there is none.
fn default_of(name: &str, defaults: &str) -> String {
    let line = defaults
        .lines()
        .find_map(|line| line.strip_prefix(&format!("    {name}: ")));
    let value = line
        .unwrap_or_else(|| panic!("`{name}` has no default in {defaults}"))
        .trim_end_matches(',');
    match value {
        "None" | "[]" | "{}" => String::new(),
        "true" | "false" => code(value),
        _ if value.starts_with(|c: char| c.is_ascii_digit()) => {
            let duration = humantime::parse_duration(value).unwrap();
            code(&format!("\"{}\"", humantime::format_duration(duration)))
        }
        word => code(&format!("\"{}\"", word.to_lowercase())),
    }
}
