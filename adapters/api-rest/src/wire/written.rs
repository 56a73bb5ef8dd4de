use poem::http::HeaderValue;
use poem::http::header::CONTENT_TYPE;
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::payload::{Json, Payload};
use poem_openapi::registry::{MetaResponses, MetaSchemaRef, Registry};
use poem_openapi::types::{ToJSON, Type};
use serde::Serialize;

use crate::problem::{Fault, Kind};

/// A JSON payload that is written in one go.
///
/// The framework's own payload makes a tree of values first, which costs more than all else that the reading of a watch does.
#[derive(Debug)]
pub(crate) struct Written<T>(pub(crate) T);

/// A little more than most documents have.
const CAPACITY: usize = 2 << 10;

impl<T: Type> Payload for Written<T> {
    const CONTENT_TYPE: &'static str = Json::<T>::CONTENT_TYPE;

    fn schema_ref() -> MetaSchemaRef {
        Json::<T>::schema_ref()
    }

    fn register(registry: &mut Registry) {
        <Json<T> as Payload>::register(registry);
    }
}

impl<T: Serialize + Type> IntoResponse for Written<T> {
    fn into_response(self) -> Response {
        let mut text = Vec::with_capacity(CAPACITY);
        match serde_json::to_writer(&mut text, &self.0) {
            Ok(()) => Response::builder()
                .header(CONTENT_TYPE, HeaderValue::from_static(Self::CONTENT_TYPE))
                .body(text),
            Err(error) => {
                poem::Error::from(Fault::new(Kind::Internal, error.to_string())).into_response()
            }
        }
    }
}

impl<T: ToJSON + Serialize> ApiResponse for Written<T> {
    fn meta() -> MetaResponses {
        Json::<T>::meta()
    }

    fn register(registry: &mut Registry) {
        <Json<T> as ApiResponse>::register(registry);
    }
}

#[cfg(test)]
mod tests;
