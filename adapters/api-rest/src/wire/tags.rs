use std::borrow::Cow;
use std::sync::Arc;

use poem_openapi::registry::MetaSchemaRef;
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use registrywatcher::image::TagList;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// The tags of a repository: an array of strings.
///
/// There may be ten thousand, which as strings of their own would be copied once more.
#[derive(Debug, Clone)]
pub(crate) struct Tags(pub(crate) Arc<TagList>);

impl Type for Tags {
    const IS_REQUIRED: bool = true;

    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        Vec::<String>::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        Vec::<String>::schema_ref()
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ToJSON for Tags {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.iter().map(Value::from).collect())
    }
}

impl Serialize for Tags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter())
    }
}

impl ParseFromJSON for Tags {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let texts = Vec::<String>::parse_from_json(value).map_err(ParseError::propagate)?;
        Ok(Self(Arc::new(texts.iter().map(String::as_str).collect())))
    }
}
