use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::problem::{Dialect, Kind};

/// What any operation may answer.
const ALWAYS: [Kind; 3] = [Kind::ForeignHost, Kind::Internal, Kind::TimedOut];
/// What an operation may answer that takes a token.
const SECURED: [Kind; 3] = [
    Kind::Unauthenticated,
    Kind::Forbidden,
    Kind::TooManyFailedLogins,
];
/// What an operation may answer that changes something.
const CHANGING: [Kind; 1] = [Kind::CrossSite];
/// What an operation may answer that takes parameters; even a text may be badly encoded.
const WITH_PARAMETERS: [Kind; 1] = [Kind::Invalid];
/// What an operation may answer that takes a body.
const WITH_BODY: [Kind; 3] = [
    Kind::Invalid,
    Kind::BodyTooLarge,
    Kind::UnsupportedMediaType,
];

/// Replaces the kinds of problems among the answers of `operation` by statuses, in the words of `path`, and adds what holds
/// for every operation of its sort.
pub(super) fn explain(path: &str, method: &str, operation: &mut Value) {
    let dialect = Dialect::of_path(path);
    let mut kinds = take_kinds(operation);
    kinds.extend(ALWAYS);
    if operation["security"]
        .as_array()
        .is_some_and(|schemes| !schemes.is_empty())
    {
        kinds.extend(SECURED);
    }
    if method != "get" {
        kinds.extend(CHANGING);
    }
    if operation.get("parameters").is_some() {
        kinds.extend(WITH_PARAMETERS);
    }
    if operation.get("requestBody").is_some() {
        kinds.extend(WITH_BODY);
    }
    kinds.sort_unstable();
    kinds.dedup();
    let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for kind in kinds {
        by_status
            .entry(dialect.status(kind).as_u16())
            .or_default()
            .push(kind.title());
    }
    for (status, titles) in by_status {
        operation["responses"][status.to_string()] = answer(dialect, status, &titles.join(" "));
    }
}

fn take_kinds(operation: &mut Value) -> Vec<Kind> {
    let Some(responses) = operation["responses"].as_object_mut() else {
        return Vec::new();
    };
    let kinds: Vec<Kind> = responses
        .keys()
        .filter_map(|key| Kind::of_name(key))
        .collect();
    for kind in &kinds {
        responses.remove(kind.name());
    }
    kinds
}

fn answer(dialect: Dialect, status: u16, description: &str) -> Value {
    let (media_type, schema) = match dialect {
        Dialect::Problem => ("application/problem+json", "Problem"),
        Dialect::Go => ("application/json", "Message"),
    };
    let mut answer = json!({
        "description": description,
        "content": { media_type: { "schema": { "$ref": format!("#/components/schemas/{schema}") } } },
    });
    if status == 401 {
        answer["headers"] = json!({ "WWW-Authenticate": { "schema": { "type": "string" } } });
    }
    if matches!(status, 429 | 503) {
        answer["headers"] = json!({
            "Retry-After": {
                "description": "In how many seconds to try again.",
                "schema": { "type": "integer", "minimum": 1 },
            }
        });
    }
    answer
}
