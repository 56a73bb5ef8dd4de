//! Reads wire structs and finds everything that is wrong with their shape.

use figment::Error;
use figment::error::{Actual, Kind};
use figment::value::Value;
use registrywatcher::text::suggest;
use serde::de::DeserializeOwned;

use super::fault::Findings;
use super::key::Key;

/// Reads a `T`, which must do without any of its keys.
///
/// Serde stops at the first fault, so what it stumbled over is noted and taken out until the rest can be read.
pub(super) fn read<T: DeserializeOwned + Default>(
    mut value: Value,
    findings: &mut Findings<'_>,
) -> T {
    loop {
        let error = match value.deserialize() {
            Ok(read) => return read,
            Err(error) => error,
        };
        findings.unreadable(Key::from(error.path.clone()), describe(&error));
        if !take_out(&mut value, &error.path) {
            return T::default();
        }
    }
}

/// Removes what is at `path`; a list is removed as a whole, so that no index shifts.
fn take_out(value: &mut Value, path: &[String]) -> bool {
    match (value, path) {
        (Value::Dict(_, dict), [last]) => dict.remove(last).is_some(),
        (Value::Dict(_, dict), [first, index])
            if matches!(dict.get(first), Some(Value::Array(..))) =>
        {
            index.parse::<usize>().is_ok() && dict.remove(first).is_some()
        }
        (Value::Dict(_, dict), [first, rest @ ..]) => dict
            .get_mut(first)
            .is_some_and(|inner| take_out(inner, rest)),
        (Value::Array(_, list), [index, rest @ ..]) => index
            .parse::<usize>()
            .ok()
            .and_then(|index| list.get_mut(index))
            .is_some_and(|inner| take_out(inner, rest)),
        _ => false,
    }
}

/// What was found and what was expected, by type and never by value: the value may be a secret.
fn describe(error: &Error) -> String {
    match &error.kind {
        Kind::UnknownField(name, known) => {
            format!("unknown key; {}", suggest(name, known.iter().copied()))
        }
        Kind::UnknownVariant(name, known) => {
            format!(
                "`{name}` is not known here; {}",
                suggest(name, known.iter().copied())
            )
        }
        Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => {
            format!(
                "expected {}, found {}",
                expectation(expected),
                kind_of(found)
            )
        }
        Kind::Message(message) => message.clone(),
        _ => "the value cannot be read here".to_owned(),
    }
}

fn expectation(serde: &str) -> &str {
    match serde {
        "a map" => "a table",
        "a sequence" => "a list",
        "path string" => "a path",
        _ if serde.starts_with("struct ") => "a table",
        _ if serde.starts_with("enum ") => "a word in quotes",
        _ => serde,
    }
}

fn kind_of(found: &Actual) -> &'static str {
    match found {
        Actual::Bool(_) => "a boolean",
        Actual::Unsigned(_) | Actual::Signed(_) => "an integer",
        Actual::Float(_) => "a float",
        Actual::Char(_) | Actual::Str(_) | Actual::Bytes(_) => "a string",
        Actual::Seq => "a list",
        Actual::Map => "a table",
        _ => "something else",
    }
}
