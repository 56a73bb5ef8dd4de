use serde_json::{Value, json};

use super::examples;
use crate::wire::NAME;

/// The schemas whose unknown fields are refused.
const CLOSED: [&str; 5] = [
    "Abandonment",
    "IntentChange",
    "DeploymentDemand",
    "RollbackDemand",
    "FreezeDemand",
];

/// The schemas of which at least one field must be given.
const NOT_EMPTY: [&str; 2] = ["IntentChange", "TagChange"];

/// The texts that must say something.
const SAID: [(&str, &str); 3] = [
    ("FreezeDemand", "reason"),
    ("Abandonment", "reason"),
    ("IntentChange", "hold_reason"),
];

/// The greatest integer that every reader of JSON takes exactly.
const GREATEST_INTEGER: u64 = (1 << 53) - 1;

/// Says of the values in `document` what the framework cannot: their limits, and how they may look.
pub(super) fn specify(document: &mut Value) {
    limit_integers(document);
    let schemas = &mut document["components"]["schemas"];
    for name in CLOSED {
        schemas[name]["additionalProperties"] = json!(false);
    }
    for name in NOT_EMPTY {
        schemas[name]["minProperties"] = json!(1);
    }
    for (name, field) in SAID {
        schemas[name]["properties"][field]["pattern"] = json!("\\S");
    }
    // As the Go service took it.
    for field in ["pinned_tag", "auto_deploy"] {
        schemas["TagChange"]["properties"][field]["nullable"] = json!(true);
    }
    for (name, example) in examples::all() {
        schemas[name]["example"] = example;
    }
}

/// Says of `parameter` what the framework cannot.
pub(super) fn specify_parameter(parameter: &mut Value) {
    // In a path, whatever is no name names nothing; as a filter it is a mistake.
    let is_filter = parameter["in"] == "query";
    let (example, pattern) = match parameter["name"].as_str() {
        Some("watch") if is_filter => ("web", Some(NAME)),
        Some("watch" | "repo") => ("web", None),
        Some("sink") => ("team", None),
        Some("deployment") => ("01a20cc5-5c4a-7338-b132-3b4d38220eca", None),
        Some("search") => ("acme", None),
        Some("If-Match") => (r#""7""#, Some(r#"^(\*|"[0-9]{1,15}")$"#)),
        Some("Idempotency-Key") => ("release-1.4.0", Some("^[!-~]([ -~]{0,253}[!-~])?$")),
        _ => return,
    };
    parameter["example"] = json!(example);
    if let Some(pattern) = pattern {
        parameter["schema"]["pattern"] = json!(pattern);
    }
}

/// Replaces the formats without a sign, which generators of clients do not know (one makes 32 bits of 64), by those that
/// OpenAPI has, and by limits. No number is greater than what JSON carries everywhere.
fn limit_integers(value: &mut Value) {
    let (format, maximum) = match value["format"].as_str() {
        Some("uint16") => ("int32", u64::from(u16::MAX)),
        Some("uint32") => ("int64", u64::from(u32::MAX)),
        Some("uint64") => ("int64", GREATEST_INTEGER),
        _ => ("", 0),
    };
    match value {
        Value::Object(schema) if !format.is_empty() => {
            schema.insert("format".to_owned(), json!(format));
            schema.entry("minimum").or_insert(json!(0));
            // A float, as the framework tells limits, is not exact for the greatest.
            if maximum == GREATEST_INTEGER {
                schema.remove("maximum");
            }
            schema.entry("maximum").or_insert(json!(maximum));
        }
        Value::Object(map) => map.values_mut().for_each(limit_integers),
        Value::Array(items) => items.iter_mut().for_each(limit_integers),
        _ => {}
    }
}
