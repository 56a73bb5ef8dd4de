use poem::http::HeaderValue;
use serde_json::Value;

/// The methods that each path has, for the header `Allow`.
pub(crate) struct Methods(Vec<(String, HeaderValue)>);

impl Methods {
    /// Reads them from the OpenAPI document.
    pub(crate) fn of(document: &Value) -> Self {
        let paths = document["paths"].as_object().into_iter().flatten();
        let row = |(template, operations): (&String, &Value)| {
            let names = operations
                .as_object()?
                .keys()
                .map(|name| name.to_uppercase());
            let names = names.collect::<Vec<_>>().join(", ");
            Some((template.clone(), HeaderValue::from_str(&names).ok()?))
        };
        Self(paths.filter_map(row).collect())
    }

    /// Adds a path that is not in the document.
    pub(crate) fn with(mut self, path: &str, methods: &'static str) -> Self {
        self.0
            .push((path.to_owned(), HeaderValue::from_static(methods)));
        self
    }

    /// The methods of the path template that `path` matches.
    pub(super) fn allowed(&self, path: &str) -> Option<&HeaderValue> {
        let matching = self.0.iter().find(|(template, _)| matches(template, path));
        matching.map(|(_, methods)| methods)
    }
}

/// Whether `path` is one of those that `template` stands for.
pub(super) fn matches(template: &str, path: &str) -> bool {
    let path = path.trim_end_matches('/');
    template.split('/').count() == path.split('/').count()
        && template
            .split('/')
            .zip(path.split('/'))
            .all(|(wanted, found)| wanted == found || wanted.starts_with('{'))
}
