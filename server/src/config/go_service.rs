//! The configuration of the Go service that this one replaces, translated into the sections of this one.
//!
//! The translation is what the Go service did: each watched repository is one task of a Nomad job, and its highest
//! `v1.2.3` is wanted. Sections of the new shape may stand in the same file and win, so that a file can move step by step.

mod nomad;
mod registry;
mod translator;
mod wire;

use figment::value::{Dict, Value};

use super::SECTIONS;
use super::environment::Environment;
use super::fault::{Finding, Findings};
use super::key::Key;
use super::layer::{Layer, Layers};
use super::reading::read;
use translator::Translator;
use wire::Wire;

/// Keys by which a file of the Go service is recognised.
const RECOGNISED_BY: [&str; 6] = [
    "server_listening_address",
    "poll_interval",
    "watched_repositories",
    "database_url",
    "registry_map",
    "repo_map",
];

/// Keys that the Go service or its tests read and nothing here needs, besides `dockerhub_…`.
const WITHOUT_MEANING: [&str; 7] = [
    "create_database_schema",
    "is_test",
    "base_public_image",
    "registry_container_image",
    "registry_container_port",
    "postgres_container_image",
    "postgres_container_port",
];

/// A translated file.
pub(super) struct Translation {
    pub(super) values: Dict,
    pub(super) faults: Vec<Finding>,
    pub(super) warnings: Vec<Finding>,
}

/// Whether a file is one of the Go service.
pub(super) fn is_go_shaped(values: &Dict) -> bool {
    RECOGNISED_BY.iter().any(|key| values.contains_key(*key))
}

/// Translates a file of the Go service; what is wrong is told under the file's own keys.
pub(super) fn translate(layer: &Layer, environment: &Environment) -> Translation {
    let layers = Layers::merge(vec![layer.clone()]);
    let mut findings = Findings::new(&layers);
    let (sections, mut go): (Dict, Dict) = layer
        .values
        .clone()
        .into_iter()
        .partition(|(key, _)| SECTIONS.contains(&key.as_str()));
    drop_meaningless(&mut go, &mut findings);
    let wire: Wire = read(Value::from(go), &mut findings);
    let names_store = environment.get("DATABASE_URL").is_some() || sections.contains_key("store");
    let nomad = nomad::settings(environment, &mut findings);
    let translated = Translator::new(&mut findings, names_store).translate(wire, nomad);
    let (faults, warnings) = findings.into_parts();
    let translated = Value::serialize(translated).ok().and_then(Value::into_dict);
    Translation {
        values: overlaid(translated.unwrap_or_default(), sections),
        faults,
        warnings,
    }
}

fn drop_meaningless(go: &mut Dict, findings: &mut Findings<'_>) {
    let root = Key::root();
    let mut drop = |dict: &mut Dict, at: &Key, is_meaningless: fn(&str) -> bool| {
        dict.retain(|key, _| {
            if is_meaningless(key) {
                findings.warn(&at.child(key), "has no meaning any more; remove it");
            }
            !is_meaningless(key)
        });
    };
    drop(go, &root, |key| {
        key.starts_with("dockerhub_") || WITHOUT_MEANING.contains(&key)
    });
    let Some(Value::Dict(_, repos)) = go.get_mut("repo_map") else {
        return;
    };
    for (name, repo) in repos {
        if let Value::Dict(_, repo) = repo {
            // Later versions of the service's own sample have it.
            drop(repo, &root.child("repo_map").child(name), |key| {
                key == "test"
            });
        }
    }
}

/// `base` with `over` laid over it, table by table.
fn overlaid(mut base: Dict, over: Dict) -> Dict {
    for (key, value) in over {
        let value = match (base.remove(&key), value) {
            (Some(Value::Dict(_, base)), Value::Dict(tag, over)) => {
                Value::Dict(tag, overlaid(base, over))
            }
            (_, value) => value,
        };
        base.insert(key, value);
    }
    base
}

/// Whether a value is what the sample file leaves to be filled in, such as `$YOUR_AUTH_STRING_HERE`.
fn is_placeholder(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text.starts_with(['$', '<'])
}
