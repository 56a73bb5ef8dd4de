//! The OpenAPI document: what the framework knows of the operations, made complete in one place.

mod examples;
mod merged;
mod problems;
mod values;

use poem::{Endpoint, Response, endpoint::make_sync};
use poem_openapi::OpenApiService;
use serde_json::{Map, Value, json};

use crate::operations::{self, Operations};
use merged::Merged;

const DESCRIPTION: &str = "registrywatcher watches container registries, decides by rules which tag is wanted, and deploys \
    that exact digest through the orchestrator. This interface shows what it sees and decides, and takes what operators want.";

/// The OpenAPI document, in a fixed order.
///
/// It is built over nothing: neither application nor database exist.
pub fn openapi() -> Value {
    let text = service().spec();
    // The framework wrote it, and a test reads it: it is JSON.
    let mut document: Value = serde_json::from_str(&text).unwrap_or_default();
    document["openapi"] = json!("3.0.3");
    document["info"]["description"] = json!(DESCRIPTION);
    document["info"]["license"] = json!({
        "name": env!("CARGO_PKG_LICENSE"),
        "url": concat!("https://spdx.org/licenses/", env!("CARGO_PKG_LICENSE"), ".html"),
    });
    document["info"]["contact"] = json!({
        "name": "registrywatcher",
        "url": env!("CARGO_PKG_REPOSITORY"),
    });
    document["servers"] = json!([{ "url": "/" }]);
    for (path, method) in operations_of(&document) {
        let operation = &mut document["paths"][&path][&method];
        if operation.get("security").is_none() {
            operation["security"] = json!([]);
        }
        problems::explain(&path, &method, operation);
        let parameters = operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut);
        parameters
            .into_iter()
            .flatten()
            .for_each(values::specify_parameter);
    }
    values::specify(&mut document);
    tidy(document)
}

/// The operations without anything that holds for all of them.
pub(crate) fn service() -> OpenApiService<Merged<Operations>, ()> {
    let version = env!("CARGO_PKG_VERSION");
    OpenApiService::new(Merged(operations::all()), "registrywatcher", version)
}

/// Serves the document.
pub(crate) fn serve(document: &Value) -> impl Endpoint + use<> {
    let text = document.to_string();
    make_sync(move |_| {
        Response::builder()
            .content_type("application/json")
            .body(text.clone())
    })
}

fn operations_of(document: &Value) -> Vec<(String, String)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().into_iter().flatten();
            methods.map(move |(method, _)| (path.clone(), method.clone()))
        })
        .collect()
}

/// Writes what the framework wrote as people and generators of clients like it: keys sorted, for their order depends on how
/// the JSON library was built; media types without a charset, for JSON has none; paragraphs on one line; and the description
/// of a field beside the reference to its type, not also as a type of its own.
fn tidy(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map.into_iter().map(tidy_entry).collect();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Object(entries.into_iter().collect::<Map<_, _>>())
        }
        Value::Array(items) => items.into_iter().map(tidy).collect(),
        other => other,
    }
}

fn tidy_entry((mut key, value): (String, Value)) -> (String, Value) {
    if let Some((essence, _)) = key.split_once("; charset=") {
        key = essence.to_owned();
    }
    let value = match (key.as_str(), value) {
        ("description", Value::String(text)) => {
            let paragraphs = text
                .split("\n\n")
                .map(|paragraph| paragraph.replace('\n', " "));
            Value::String(paragraphs.collect::<Vec<_>>().join("\n\n"))
        }
        ("allOf", Value::Array(parts)) => parts
            .into_iter()
            .filter(|part| part.get("$ref").is_some())
            .collect(),
        (_, value) => tidy(value),
    };
    (key, value)
}
