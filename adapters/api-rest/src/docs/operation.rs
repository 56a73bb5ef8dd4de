use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::markup::{Escaped, json, paragraphs, sentence, text};
use super::schema::{referred, row, table, type_of};

/// One operation: what it takes, and what it answers.
pub(super) struct Operation<'a> {
    pub(super) document: &'a Value,
    pub(super) path: &'a str,
    pub(super) method: &'a str,
    /// What the document tells of it.
    pub(super) told: &'a Value,
}

impl<'a> Operation<'a> {
    /// All operations of the document, by path.
    pub(super) fn all(document: &'a Value) -> Vec<Self> {
        let paths = document["paths"].as_object().into_iter().flatten();
        let of_path = |(path, methods): (&'a String, &'a Value)| {
            let methods = methods.as_object().into_iter().flatten();
            methods.map(move |(method, told)| Self {
                document,
                path,
                method,
                told,
            })
        };
        paths.flat_map(of_path).collect()
    }

    pub(super) fn is_in(&self, group: &str) -> bool {
        self.told["tags"][0] == group
    }

    /// Its line in the table of contents.
    pub(super) fn entry(&self) -> String {
        let id = text(&self.told["operationId"]);
        let summary = text(&self.told["summary"]);
        format!("<li><a href=\"#{id}\">{summary}</a></li>\n")
    }

    pub(super) fn section(&self) -> String {
        let id = text(&self.told["operationId"]);
        let summary = text(&self.told["summary"]);
        let mut html = format!(
            "<section class=\"operation\" id=\"{id}\">\n<h3><a href=\"#{id}\">{summary}</a></h3>\n\
            <p class=\"route\"><span class=\"method {method}\">{upper}</span> <code>{path}</code> \
            <span class=\"id\">{id}</span></p>\n",
            method = Escaped(self.method),
            upper = Escaped(&self.method.to_uppercase()),
            path = Escaped(self.path),
        );
        if self.told["deprecated"] == true {
            html.push_str("<p><strong>Deprecated.</strong></p>\n");
        }
        html.push_str(&paragraphs(&self.told["description"]));
        html.push_str(&self.parameters());
        html.push_str(&self.body());
        html.push_str("<h4>Example</h4>\n");
        let _ = writeln!(html, "<pre><code>{}</code></pre>", Escaped(&self.curl()));
        html.push_str(&self.answers());
        html.push_str("</section>\n");
        html
    }

    fn parameters(&self) -> String {
        let Some(parameters) = self.told["parameters"].as_array() else {
            return String::new();
        };
        let rows = parameters.iter().map(|parameter| {
            let name = parameter["name"].as_str().unwrap_or_default();
            let place = text(&parameter["in"]);
            let meaning = format!("In the {place}. {}", sentence(&parameter["description"]));
            row(
                name,
                parameter["required"] == true,
                &parameter["schema"],
                &meaning,
            )
        });
        format!(
            "<h4>Parameters</h4>\n{}",
            table("Name", &rows.collect::<String>())
        )
    }

    fn body(&self) -> String {
        let bodies = contents(&self.told["requestBody"]).map(|(media_type, content)| {
            let schema = &content["schema"];
            let example = self.example(schema).map(json).unwrap_or_default();
            let media_type = Escaped(media_type);
            format!(
                "<h4>Body</h4>\n<p><code>{media_type}</code>: {}</p>\n{example}",
                type_of(schema)
            )
        });
        bodies.collect()
    }

    fn answers(&self) -> String {
        let mut rows = String::new();
        let answers = self.told["responses"].as_object().into_iter().flatten();
        for (status, answer) in answers {
            let kinds = contents(answer).map(|(media_type, content)| {
                let media_type = Escaped(media_type);
                format!("<code>{media_type}</code>: {}", type_of(&content["schema"]))
            });
            let kinds: Vec<String> = kinds.collect();
            let _ = writeln!(
                rows,
                "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{}</td></tr>",
                Escaped(status),
                kinds.join("<br>"),
                sentence(&answer["description"])
            );
        }
        format!(
            "<h4>Answers</h4>\n<table>\n<thead><tr><th scope=\"col\">Status</th>\
            <th scope=\"col\">Body</th><th scope=\"col\">Meaning</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
        )
    }

    /// A call of it in a shell, where two variables hold the address and the token.
    fn curl(&self) -> String {
        let mut line = "curl".to_owned();
        if contents(&self.told["responses"]["200"]).any(|(kind, _)| kind == "text/event-stream") {
            line.push_str(" --no-buffer");
        }
        if self.method != "get" {
            let _ = write!(line, " -X {}", self.method.to_uppercase());
        }
        let _ = write!(line, " \"$REGISTRYWATCHER_URL{}\"", self.path_of_example());
        let takes_token = self.told["security"].as_array();
        if takes_token.is_some_and(|schemes| !schemes.is_empty()) {
            line.push_str(" \\\n  -H \"Authorization: Bearer $REGISTRYWATCHER_TOKEN\"");
        }
        if let Some((media_type, content)) = contents(&self.told["requestBody"]).next() {
            let empty = Value::Object(Map::new());
            let body = self.example(&content["schema"]).unwrap_or(&empty);
            let body = body.to_string().replace('\'', r"'\''");
            let _ = write!(
                line,
                " \\\n  -H 'Content-Type: {media_type}' \\\n  -d '{body}'"
            );
        }
        line
    }

    /// The path, with something in the place of each parameter: what is between braces means something else to curl.
    fn path_of_example(&self) -> String {
        let mut path = self.path.to_owned();
        let parameters = self.told["parameters"].as_array();
        for parameter in parameters.into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap_or_default();
            let example = match &parameter["example"] {
                Value::Null => "1".to_owned(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            path = path.replace(&format!("{{{name}}}"), &example);
        }
        path
    }

    fn example(&self, schema: &'a Value) -> Option<&'a Value> {
        let named = referred(schema);
        let schema = named.map_or(schema, |name| &self.document["components"]["schemas"][name]);
        schema.get("example")
    }
}

/// The media types of a body or an answer, and what each holds.
fn contents(of: &Value) -> impl Iterator<Item = (&String, &Value)> {
    of["content"].as_object().into_iter().flatten()
}
