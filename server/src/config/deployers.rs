use std::collections::BTreeMap;
use std::fmt;

use registrywatcher::watch::DeployerName;
use serde_json::{Map, Value};

use super::document::Document;
use super::fault::Findings;
use super::key::Key;
use super::secret::{REDACTED, redact_url};

/// A section `[deployers.<name>]`: an orchestrator and how it is reached.
#[derive(Clone, PartialEq)]
pub struct DeployerConfig {
    /// Which kind of deployer, such as `nomad`; the catalogue knows which there are.
    pub kind: String,
    /// Everything else in the section, which only that kind can read.
    pub settings: Map<String, Value>,
}

impl fmt::Debug for DeployerConfig {
    /// Names the settings alone: their values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings: Vec<&String> = self.settings.keys().collect();
        f.debug_struct("DeployerConfig")
            .field("kind", &self.kind)
            .field("settings", &settings)
            .finish()
    }
}

pub(super) type Wire = Map<String, Value>;

const KIND: &str = "kind";

pub(super) fn check(
    wires: BTreeMap<String, Wire>,
    at: &Key,
    findings: &mut Findings<'_>,
) -> BTreeMap<DeployerName, DeployerConfig> {
    let mut deployers = BTreeMap::new();
    for (name, mut settings) in wires {
        let key = at.child(&name);
        let kind_key = key.child(KIND);
        let kind = match settings.remove(KIND) {
            Some(Value::String(kind)) => Some(kind),
            Some(_) => {
                findings.fault(&kind_key, "expected a string, such as `kind = \"nomad\"`");
                None
            }
            None => findings.require(
                &kind_key,
                None,
                "missing; write `kind = \"nomad\"`, for example",
            ),
        };
        let name = findings.parse::<DeployerName>(&key, &name);
        if let (Some(name), Some(kind)) = (name, kind) {
            deployers.insert(name, DeployerConfig { kind, settings });
        }
    }
    deployers
}

impl DeployerConfig {
    pub(super) fn write(&self, name: &DeployerName, document: &mut Document) {
        document.section(&["deployers", name.as_str()]);
        document.pair(KIND, self.kind.as_str());
        for (key, value) in &self.settings {
            let shown = redacted(value, is_secret(key));
            if let Ok(value) = toml::Value::try_from(shown) {
                document.pair(key, value);
            }
        }
    }
}

/// The settings are the plugin's, so what is secret among them is told by the name, and in URLs by the place.
fn redacted(value: &Value, secret: bool) -> Value {
    match value {
        Value::Object(table) => Value::Object(
            table
                .iter()
                .map(|(key, value)| (key.clone(), redacted(value, secret || is_secret(key))))
                .collect(),
        ),
        Value::Array(list) => list.iter().map(|value| redacted(value, secret)).collect(),
        Value::String(_) | Value::Number(_) if secret => Value::from(REDACTED),
        Value::String(text) => Value::from(redact_url(text)),
        _ => value.clone(),
    }
}

fn is_secret(key: &str) -> bool {
    const SECRET: [&str; 9] = [
        "token",
        "password",
        "passwd",
        "secret",
        "credential",
        "auth",
        "cookie",
        "api_key",
        "private",
    ];
    let key = key.to_lowercase().replace('-', "_");
    let names_a_place = key.ends_with("_file") || key.ends_with("_path");
    let is_environment = matches!(key.as_str(), "environment" | "env");
    is_environment || !names_a_place && SECRET.iter().any(|word| key.contains(word))
}
