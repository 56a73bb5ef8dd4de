use std::fmt::Write as _;

use serde_json::Value;

use super::STYLE;
use super::markup::{Escaped, paragraphs, sentence, text};
use super::operation::Operation;
use super::schema;
use crate::DOCUMENT;
use crate::problem::Kind;

/// Writes the page of `document`.
pub(super) fn write(document: &Value) -> String {
    let info = &document["info"];
    let (title, version) = (text(&info["title"]), text(&info["version"]));
    let operations = Operation::all(document);
    let mut contents = String::new();
    let mut body = introduction(document);
    for group in document["tags"].as_array().into_iter().flatten() {
        let of_group = operations
            .iter()
            .filter(|it| group["name"].as_str().is_some_and(|name| it.is_in(name)));
        let of_group: Vec<_> = of_group.collect();
        let id = text(&group["name"]);
        let name = in_words(group["name"].as_str().unwrap_or_default());
        let name = Escaped(&name);
        let entries: String = of_group.iter().map(|it| it.entry()).collect();
        let sections: String = of_group.iter().map(|it| it.section()).collect();
        let _ = write!(
            contents,
            "<li><a href=\"#{id}\">{name}</a>\n<ul>\n{entries}</ul></li>\n"
        );
        let description = paragraphs(&group["description"]);
        let _ = write!(
            body,
            "<section id=\"{id}\">\n<h2>{name}</h2>\n{description}{sections}</section>\n"
        );
    }
    body.push_str(&problems());
    body.push_str(&schemas(document));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
        <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
        <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} {version}: the API</title>\n\
        <link rel=\"stylesheet\" href=\"{STYLE}\">\n</head>\n<body>\n\
        <a class=\"skip\" href=\"#content\">Skip to the content</a>\n\
        <nav aria-label=\"Contents\">\n<ul>\n<li><a href=\"#content\">Introduction</a></li>\n{contents}\
        <li><a href=\"#problems\">Problems</a></li>\n<li><a href=\"#schemas\">Schemas</a></li>\n</ul>\n</nav>\n\
        <main id=\"content\">\n{body}</main>\n</body>\n</html>\n"
    )
}

fn introduction(document: &Value) -> String {
    let info = &document["info"];
    let scheme = &document["components"]["securitySchemes"]["token"];
    format!(
        "<h1>{title} <span class=\"version\">{version}</span></h1>\n{description}\
        <p>The same for programs: <a href=\"{DOCUMENT}\">the OpenAPI document</a>.</p>\n\
        <h2 id=\"authentication\">Authentication</h2>\n<p><code>Authorization: Bearer &lt;token&gt;</code>. {token}</p>\n\
        <p>The examples take the address of the service from <code>REGISTRYWATCHER_URL</code>, and the token from \
        <code>REGISTRYWATCHER_TOKEN</code>.</p>\n",
        title = text(&info["title"]),
        version = text(&info["version"]),
        description = paragraphs(&info["description"]),
        token = sentence(&scheme["description"]),
    )
}

fn problems() -> String {
    let mut rows = String::new();
    for kind in Kind::ALL {
        let name = kind.name();
        let _ = writeln!(
            rows,
            "<tr id=\"{name}\"><th scope=\"row\"><code>{name}</code></th><td>{}</td><td>{}</td></tr>",
            kind.status().as_u16(),
            Escaped(kind.title())
        );
    }
    format!(
        "<section id=\"problems\">\n<h2>Problems</h2>\n<p>What went wrong is told as a \
        <a href=\"#schema-Problem\">Problem</a>, whose <code>type</code> ends in one of these names.</p>\n<table>\n\
        <thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Status</th><th scope=\"col\">Meaning</th></tr></thead>\n\
        <tbody>\n{rows}</tbody>\n</table>\n</section>\n"
    )
}

fn schemas(document: &Value) -> String {
    let schemas = document["components"]["schemas"].as_object();
    let sections = schemas.into_iter().flatten();
    let sections: String = sections
        .map(|(name, schema)| schema::section(name, schema))
        .collect();
    format!("<section id=\"schemas\">\n<h2>Schemas</h2>\n{sections}</section>\n")
}

/// `DeadLetters` as people write it.
fn in_words(name: &str) -> String {
    let mut words = String::new();
    for (index, character) in name.char_indices() {
        if index > 0 && character.is_uppercase() {
            words.push(' ');
            words.extend(character.to_lowercase());
        } else {
            words.push(character);
        }
    }
    words
}
