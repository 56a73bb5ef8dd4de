use serde_json::Value;

/// Merges a patch as the API server does: lists of containers by their names, any other list as a whole, `null` deletes.
pub(super) fn strategic(into: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *into = patch.clone();
        return;
    };
    if !into.is_object() {
        *into = Value::Object(serde_json::Map::new());
    }
    let fields = into.as_object_mut().expect("it is an object by now");
    for (key, value) in patch {
        if value.is_null() {
            fields.remove(key);
        } else if key == "containers" || key == "initContainers" {
            by_name(fields.entry(key).or_insert(Value::Null), value);
        } else {
            strategic(fields.entry(key).or_insert(Value::Null), value);
        }
    }
}

fn by_name(into: &mut Value, patch: &Value) {
    if into.is_null() {
        *into = Value::Array(Vec::new());
    }
    let list = into.as_array_mut().expect("a list of containers");
    for item in patch.as_array().into_iter().flatten() {
        match list.iter_mut().find(|known| known["name"] == item["name"]) {
            Some(known) => strategic(known, item),
            None => list.push(item.clone()),
        }
    }
}
