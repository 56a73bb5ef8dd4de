use poem::error::ReadBodyError;
use poem::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use poem::{Body, Request};

use crate::problem::{Fault, Kind};

/// Reads the body of `request` up to `limit`, and demands that it is JSON if there is one; gives it as well.
///
/// A page of another site can send forms and text unasked, but nothing that is called JSON.
pub(super) async fn read(
    request: &mut Request,
    limit: usize,
) -> Result<Option<impl AsRef<[u8]> + use<>>, Fault> {
    let announced = request
        .header(CONTENT_LENGTH)
        .and_then(|text| text.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    let body = request.take_body();
    if body.is_empty() {
        return Ok(None);
    }
    // Apart, for it holds a buffer that every request would carry along.
    let body = Box::pin(body.into_bytes_limit(limit)).await;
    let bytes = body.map_err(|error| match error {
        ReadBodyError::PayloadTooLarge => too_large(limit),
        error => Fault::new(Kind::Invalid, format!("the body cannot be read: {error}")),
    })?;
    if !bytes.is_empty() && !request.header(CONTENT_TYPE).is_some_and(is_json) {
        let detail = "the body must be JSON, and say so: `Content-Type: application/json`";
        return Err(Fault::new(Kind::UnsupportedMediaType, detail));
    }
    request.set_body(Body::from_bytes(bytes.clone()));
    Ok(Some(bytes))
}

fn too_large(limit: usize) -> Fault {
    Fault::new(
        Kind::BodyTooLarge,
        format!("the body has more than {limit} bytes"),
    )
}

fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}
