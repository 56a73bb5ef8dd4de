//! Whether a body is what its schema says: as much of JSON Schema as the document uses.

use serde_json::Value;

/// Says where `value` is something else than `schema` of `document` says.
pub(crate) fn check(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        let target = document
            .pointer(pointer)
            .ok_or_else(|| format!("{reference} is missing"))?;
        return check(document, target, value);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return parts
            .iter()
            .try_for_each(|part| check(document, part, value));
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        return Err(format!("{value} is none of {words:?}"));
    }
    match schema["type"].as_str() {
        Some("object") => check_object(document, schema, value),
        Some("array") => {
            let items = value
                .as_array()
                .ok_or_else(|| format!("{value} is no array"))?;
            items
                .iter()
                .try_for_each(|item| check(document, &schema["items"], item))
        }
        Some("string") if value.is_string() => Ok(()),
        Some("boolean") if value.is_boolean() => Ok(()),
        Some("integer") if value.is_u64() => Ok(()),
        expected => Err(format!("{value} is no {expected:?}")),
    }
}

fn check_object(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let fields = value
        .as_object()
        .ok_or_else(|| format!("{value} is no object"))?;
    for required in schema["required"].as_array().into_iter().flatten() {
        if !fields.contains_key(required.as_str().unwrap_or_default()) {
            return Err(format!("{required} is missing"));
        }
    }
    fields.iter().try_for_each(|(name, field)| {
        let of_field = schema["properties"]
            .get(name)
            .or_else(|| schema.get("additionalProperties"));
        let of_field = of_field.ok_or_else(|| format!("`{name}` is not documented"))?;
        check(document, of_field, field).map_err(|fault| format!("{name}: {fault}"))
    })
}
