use chrono::DateTime;
use poem::http::Method;
use regex::Regex;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::methods::matches;
use crate::problem::Part;

/// What the body of each operation has to be, to name everything that is wrong with one that was refused.
///
/// The framework refuses a body for the first thing that it does not understand, and does not say in which field that is.
pub(crate) struct Bodies {
    of_operations: Vec<(String, Method, Value)>,
    schemas: Value,
}

impl Bodies {
    /// Reads them from the OpenAPI document.
    pub(crate) fn of(document: &Value) -> Self {
        let mut of_operations = Vec::new();
        for (template, operations) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in operations.as_object().into_iter().flatten() {
                let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
                if let (true, Ok(method)) = (schema.is_object(), method.to_uppercase().parse()) {
                    of_operations.push((template.clone(), method, schema.clone()));
                }
            }
        }
        Self {
            of_operations,
            schemas: document["components"]["schemas"].clone(),
        }
    }

    /// Everything that is wrong with `body`, by field; nothing if it is no JSON, or if its fields are right one by one.
    pub(super) fn faults(&self, method: &Method, path: &str, body: &[u8]) -> Vec<Part> {
        let mut faults = Faults {
            schemas: &self.schemas,
            found: Vec::new(),
        };
        let mut operations = self.of_operations.iter();
        let its = operations.find(|(template, its, _)| its == method && matches(template, path));
        if let (Some((_, _, schema)), Ok(body)) = (its, serde_json::from_slice(body)) {
            faults.check("", schema, &body);
        }
        faults.found
    }
}

struct Faults<'a> {
    schemas: &'a Value,
    found: Vec<Part>,
}

impl Faults<'_> {
    fn add(&mut self, name: &str, detail: impl Into<String>) {
        let name = if name.is_empty() { "body" } else { name };
        self.found.push(Part {
            name: name.to_owned(),
            detail: detail.into(),
        });
    }

    fn check(&mut self, name: &str, schema: &Value, value: &Value) {
        if let Some(reference) = schema["$ref"].as_str() {
            let target = reference.rsplit('/').next().unwrap_or_default();
            let schemas = self.schemas;
            return self.check(name, &schemas[target], value);
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.check(name, part, value);
        }
        if value.is_null() && schema["nullable"] == true {
            return;
        }
        match (schema["type"].as_str(), value) {
            (Some("object"), Value::Object(fields)) => self.check_object(name, schema, fields),
            (Some("array"), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.check(&below(name, &index.to_string()), &schema["items"], item);
                }
            }
            (Some("string"), Value::String(text)) => self.check_text(name, schema, text),
            (Some("integer"), Value::Number(number)) => self.check_integer(name, schema, number),
            (Some("boolean"), Value::Bool(_)) | (None, _) => {}
            (Some(expected), found) => {
                let found = kind(found);
                self.add(name, format!("expected {}, found {found}", named(expected)));
            }
        }
    }

    fn check_object(&mut self, name: &str, schema: &Value, fields: &Map<String, Value>) {
        for required in schema["required"].as_array().into_iter().flatten() {
            let required = required.as_str().unwrap_or_default();
            if !fields.contains_key(required) {
                self.add(&below(name, required), "it is missing");
            }
        }
        for (field, value) in fields {
            match schema["properties"].get(field) {
                Some(schema) => self.check(&below(name, field), schema, value),
                None if schema["additionalProperties"] == false => {
                    self.add(&below(name, field), "there is no such field");
                }
                None => {}
            }
        }
        let least = schema["minProperties"].as_u64().unwrap_or_default();
        if (fields.len() as u64) < least {
            self.add(name, "at least one field must be given");
        }
    }

    fn check_text(&mut self, name: &str, schema: &Value, text: &str) {
        let words = schema["enum"].as_array();
        if let Some(words) = words.filter(|words| !words.iter().any(|word| word == text)) {
            let words = words.iter().filter_map(Value::as_str);
            let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
            self.add(
                name,
                format!("expected {}, found `{text}`", words.join(" or ")),
            );
        }
        let pattern = schema["pattern"].as_str();
        let is_wrong = |pattern: &&str| Regex::new(pattern).is_ok_and(|it| !it.is_match(text));
        if let Some(pattern) = pattern.filter(is_wrong) {
            self.add(
                name,
                format!("expected what matches `{pattern}`, found `{text}`"),
            );
        }
        match schema["format"].as_str() {
            Some("date-time") if DateTime::parse_from_rfc3339(text).is_err() => {
                let expected = "expected a moment as in RFC 3339, such as `2026-11-24T10:30:00Z`";
                self.add(name, format!("{expected}, found `{text}`"));
            }
            Some("uuid") if Uuid::parse_str(text).is_err() => {
                self.add(name, format!("expected a UUID, found `{text}`"));
            }
            _ => {}
        }
    }

    fn check_integer(&mut self, name: &str, schema: &Value, number: &serde_json::Number) {
        let (least, most) = (schema["minimum"].as_u64(), schema["maximum"].as_u64());
        let (least, most) = (least.unwrap_or_default(), most.unwrap_or(u64::MAX));
        if !number.as_u64().is_some_and(|n| (least..=most).contains(&n)) {
            let expected = format!("a whole number from {least} to {most}");
            self.add(name, format!("expected {expected}, found {number}"));
        }
    }
}

fn below(name: &str, part: &str) -> String {
    if name.is_empty() {
        part.to_owned()
    } else {
        format!("{name}.{part}")
    }
}

fn named(kind: &str) -> &str {
    match kind {
        "object" => "an object",
        "array" => "a list",
        "string" => "a string",
        "integer" => "a whole number",
        "boolean" => "`true` or `false`",
        other => other,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "`null`",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FREEZE: &str = "/api/v1/freeze";
    const DEPLOY: &str = "/api/v1/watches/web/deployments";

    #[track_caller]
    fn finds(method: &Method, path: &str, body: &Value, expected: &[(&str, &str)]) {
        let bodies = Bodies::of(&crate::openapi());
        let found = bodies.faults(method, path, body.to_string().as_bytes());
        let found: Vec<_> = found
            .iter()
            .map(|part| (part.name.as_str(), part.detail.as_str()))
            .collect();
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn each_field_that_is_wrong_is_named() {
        finds(
            &Method::PUT,
            FREEZE,
            &json!({ "until": "tomorrow", "why": 1 }),
            &[
                ("reason", "it is missing"),
                (
                    "until",
                    "expected a moment as in RFC 3339, such as `2026-11-24T10:30:00Z`, found `tomorrow`",
                ),
                ("why", "there is no such field"),
            ],
        );
        finds(
            &Method::POST,
            DEPLOY,
            &json!({ "override": "yes", "tag": 1.10, "workload": null }),
            &[
                ("override", "expected `true` or `false`, found a string"),
                ("tag", "expected a string, found a number"),
                ("workload", "expected a string, found `null`"),
            ],
        );
        let tag = [(
            "tag",
            "expected what matches `^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`, found `.x`",
        )];
        finds(&Method::POST, DEPLOY, &json!({ "tag": ".x" }), &tag);
        let body = [("body", "expected an object, found a list")];
        finds(&Method::POST, DEPLOY, &json!([]), &body);
    }

    #[test]
    fn what_is_right_or_not_known_has_no_faults() {
        finds(&Method::POST, DEPLOY, &json!({ "tag": "v1" }), &[]);
        finds(&Method::GET, DEPLOY, &json!({ "tag": 1 }), &[]);
        finds(&Method::POST, "/elsewhere", &json!([]), &[]);
        let bodies = Bodies::of(&crate::openapi());
        assert_eq!(bodies.faults(&Method::POST, DEPLOY, b"{"), []);
    }
}
