use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{
    ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type,
};
use registrywatcher::image::Tag;
use registrywatcher::watch::WatchName;
use serde_json::Value;

/// The form of the names that people choose in the configuration.
pub(crate) const NAME: &str = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$";

/// A value of the core that is spelled as a string of a certain form.
pub(crate) trait Spelled: FromStr<Err: Display> + Display + Send + Sync {
    /// The form, as a regular expression that holds for the whole string; any string is right without one.
    const PATTERN: Option<&'static str>;
}

impl Spelled for Tag {
    const PATTERN: Option<&'static str> = Some("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$");
}

impl Spelled for WatchName {
    const PATTERN: Option<&'static str> = Some(NAME);
}

impl Spelled for String {
    const PATTERN: Option<&'static str> = None;
}

/// A string that is parsed on the way in.
///
/// Only a string is taken: the framework's own takes numbers and booleans as well, and `{"tag": 1.10}` would deploy `1.1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text<T>(pub(crate) T);

impl<T: Spelled> Type for Text<T> {
    const IS_REQUIRED: bool = true;

    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let mut schema = MetaSchema::new("string");
        schema.pattern = T::PATTERN.map(str::to_owned);
        MetaSchemaRef::Inline(Box::new(schema))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl<T: Spelled> ToJSON for Text<T> {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.to_string().into())
    }
}

impl<T: Spelled> ParseFromJSON for Text<T> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value {
            Some(Value::String(text)) => text.parse().map(Self).map_err(ParseError::custom),
            other => Err(ParseError::expected_type(other.unwrap_or_default())),
        }
    }
}

impl<T: Spelled> ParseFromParameter for Text<T> {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        text.parse().map(Self).map_err(ParseError::custom)
    }
}
