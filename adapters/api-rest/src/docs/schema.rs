use std::fmt::Write as _;

use serde_json::Value;

use super::markup::{Escaped, json, paragraphs, sentence};

const SCHEMAS: &str = "#/components/schemas/";

/// The name of the schema that `schema` refers to.
pub(super) fn referred(schema: &Value) -> Option<&str> {
    let parts = schema["allOf"].as_array().into_iter().flatten();
    std::iter::once(schema)
        .chain(parts)
        .find_map(|part| part["$ref"].as_str()?.strip_prefix(SCHEMAS))
}

/// What values of `schema` are, in a few words; named schemas are linked.
pub(super) fn type_of(schema: &Value) -> String {
    if let Some(name) = referred(schema) {
        let name = Escaped(name);
        return format!(r##"<a href="#schema-{name}">{name}</a>"##);
    }
    let mut words = match schema["type"].as_str() {
        Some("array") => format!("list of {}", type_of(&schema["items"])),
        Some("object") if schema["additionalProperties"].is_object() => {
            format!("map to {}", type_of(&schema["additionalProperties"]))
        }
        Some(kind) => Escaped(kind).to_string(),
        None => "anything".to_owned(),
    };
    if let Some(format) = schema["format"].as_str() {
        let _ = write!(words, ", {}", Escaped(format));
    }
    words
}

/// What holds for values of `schema` besides their type.
pub(super) fn limits(schema: &Value) -> String {
    let mut limits = Vec::new();
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<String> = words.iter().map(code).collect();
        limits.push(format!("One of {}.", words.join(", ")));
    }
    for (key, words) in [
        ("minimum", "At least"),
        ("maximum", "At most"),
        ("minLength", "Length at least"),
        ("maxLength", "Length at most"),
        ("minProperties", "Fields at least"),
        ("pattern", "Matches"),
        ("default", "Default"),
    ] {
        if let Some(limit) = schema.get(key) {
            limits.push(format!("{words} {}.", code(limit)));
        }
    }
    if schema["nullable"] == true {
        limits.push("May be <code>null</code>.".to_owned());
    }
    if schema["additionalProperties"] == false {
        limits.push("No other fields.".to_owned());
    }
    limits.join(" ")
}

/// A schema that has a name.
pub(super) fn section(name: &str, schema: &Value) -> String {
    let name = Escaped(name);
    let mut html = format!(
        "<section class=\"schema\" id=\"schema-{name}\">\n<h3><a href=\"#schema-{name}\">{name}</a></h3>\n{}",
        paragraphs(&schema["description"])
    );
    let limits = limits(schema);
    if !limits.is_empty() {
        let _ = writeln!(html, "<p>{limits}</p>");
    }
    html.push_str(&fields(schema));
    if let Some(example) = schema.get("example") {
        html.push_str("<h4>Example</h4>\n");
        html.push_str(&json(example));
    }
    html.push_str("</section>\n");
    html
}

fn fields(schema: &Value) -> String {
    let Some(properties) = schema["properties"].as_object() else {
        return String::new();
    };
    let required = schema["required"].as_array();
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|it| it == name));
    let rows = properties.iter().map(|(name, property)| {
        row(
            name,
            is_required(name),
            property,
            &sentence(&property["description"]),
        )
    });
    table("Field", &rows.collect::<String>())
}

/// A table of things that have a name, a type and a meaning.
pub(super) fn table(what: &str, rows: &str) -> String {
    format!(
        "<table>\n<thead><tr><th scope=\"col\">{what}</th><th scope=\"col\">Type</th>\
        <th scope=\"col\">Meaning</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
    )
}

/// A row of such a table.
pub(super) fn row(name: &str, is_required: bool, schema: &Value, meaning: &str) -> String {
    let mark = if is_required {
        " <span class=\"required\">required</span>"
    } else {
        ""
    };
    format!(
        "<tr><th scope=\"row\"><code>{}</code>{mark}</th><td>{}</td><td>{meaning} {}</td></tr>\n",
        Escaped(name),
        type_of(schema),
        limits(schema)
    )
}

fn code(value: &Value) -> String {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    format!("<code>{}</code>", Escaped(&text))
}
