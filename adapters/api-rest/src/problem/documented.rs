use std::marker::PhantomData;

use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Type;

use super::{Fault, Kind, Problem};

/// The problems that an operation may answer with, besides those that every operation may.
pub(crate) trait Problems {
    const KINDS: &'static [Kind];
}

/// A fault of one of the kinds that are documented for the operation.
pub(crate) struct Failure<P> {
    fault: Fault,
    of: PhantomData<fn() -> P>,
}

impl<P: Problems, E: Into<Fault>> From<E> for Failure<P> {
    fn from(error: E) -> Self {
        let fault = error.into();
        debug_assert!(
            fault.kind == Kind::Internal || P::KINDS.contains(&fault.kind),
            "{:?} is not documented for this operation",
            fault.kind
        );
        Self {
            fault,
            of: PhantomData,
        }
    }
}

impl<P> From<Failure<P>> for poem::Error {
    fn from(failure: Failure<P>) -> Self {
        failure.fault.into()
    }
}

impl<P: Problems> ApiResponse for Failure<P> {
    /// One answer for each kind, under the kind's name: the document joins those of one status, in the words of the path.
    fn meta() -> MetaResponses {
        let answer = |kind: &Kind| MetaResponse {
            description: kind.title(),
            status: None,
            status_range: Some(kind.name().to_owned()),
            content: vec![MetaMediaType {
                content_type: "application/problem+json",
                schema: Problem::schema_ref(),
            }],
            headers: Vec::new(),
        };
        MetaResponses {
            responses: P::KINDS.iter().map(answer).collect(),
        }
    }

    fn register(registry: &mut Registry) {
        Problem::register(registry);
    }
}
