//! What the environment adds to the configuration.

use std::collections::BTreeMap;

use figment::value::{Dict, Value};

use super::layer::{Layer, Rank};

/// Environment variables, handed in so that nothing else has to read the process's.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

/// Separates the segments of a key in a variable's name.
const SEPARATOR: &str = "__";

/// What the variables that override keys start with.
const PREFIX: &str = "REGISTRYWATCHER_";

/// The one key outside any section.
const DOCKER_CONFIG: &str = "DOCKER_CONFIG";

impl Environment {
    /// The variables of this process, but those that are not Unicode.
    pub fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// A variable; an empty one counts as unset, as templates leave them behind.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// One layer for each variable that sets a key, all values as text: a token `00123` stays as it is.
    ///
    /// A segment names the key in `below` that it spells in capitals with `_` for every other character, so that
    /// `REGISTRYWATCHER_REGISTRIES__GHCR_IO__PASSWORD` reaches `registries."ghcr.io"`. Variables without a `__` are not keys;
    /// they belong to the command line.
    pub(super) fn layers(&self, below: &Value) -> Vec<Layer> {
        let database_url = self.get("DATABASE_URL").map(|url| Layer {
            source: source("DATABASE_URL"),
            rank: Rank::DatabaseUrl,
            values: nested(&["store".to_owned(), "url".to_owned()], url),
        });
        let overrides = self.0.keys().filter_map(|name| {
            let key = name.strip_prefix(PREFIX)?;
            let is_key = key.contains(SEPARATOR) || key == DOCKER_CONFIG;
            let value = self.get(name).filter(|_| is_key)?;
            Some(Layer {
                source: source(name),
                rank: Rank::Variable,
                values: nested(&path(key, below), value),
            })
        });
        database_url.into_iter().chain(overrides).collect()
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn source(variable: &str) -> String {
    format!("environment variable {variable}")
}

fn path(key: &str, below: &Value) -> Vec<String> {
    let mut dict = below.as_dict();
    key.split(SEPARATOR)
        .map(|segment| {
            let known = dict.and_then(|dict| dict.keys().find(|key| capitals(key) == segment));
            let name = known.cloned().unwrap_or_else(|| segment.to_lowercase());
            dict = dict
                .and_then(|dict| dict.get(&name))
                .and_then(Value::as_dict);
            name
        })
        .collect()
}

fn capitals(key: &str) -> String {
    let capital = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    };
    key.chars().map(capital).collect()
}

fn nested(path: &[String], text: &str) -> Dict {
    let Some((last, parents)) = path.split_last() else {
        return Dict::new();
    };
    let innermost = Dict::from([(last.clone(), Value::from(text))]);
    parents.iter().rev().fold(innermost, |inner, segment| {
        Dict::from([(segment.clone(), Value::from(inner))])
    })
}
