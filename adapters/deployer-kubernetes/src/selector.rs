use serde_json::Value;

use crate::object::{list, text};

/// A label selector of an object as the text that a list takes.
pub(crate) fn selector(raw: &Value) -> String {
    let labels = raw["matchLabels"].as_object().into_iter().flatten();
    let labels = labels.map(|(key, value)| format!("{key}={}", text(value)));
    let expressions = list(raw, "matchExpressions").map(|expression| {
        let key = text(&expression["key"]);
        let values: Vec<_> = list(expression, "values").map(text).collect();
        let values = values.join(",");
        match text(&expression["operator"]) {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        }
    });
    labels.chain(expressions).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn labels_and_expressions_are_all_asked_for() {
        let raw = json!({
            "matchLabels": { "app": "web", "tier": "front" },
            "matchExpressions": [
                { "key": "env", "operator": "In", "values": ["a", "b"] },
                { "key": "old", "operator": "DoesNotExist" },
                { "key": "zone", "operator": "Exists" },
                { "key": "x", "operator": "NotIn", "values": ["y"] },
            ],
        });
        assert_eq!(
            selector(&raw),
            "app=web,tier=front,env in (a,b),!old,zone,x notin (y)"
        );
    }
}
