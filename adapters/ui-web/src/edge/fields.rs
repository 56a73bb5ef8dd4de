use poem::Request;
use poem::error::ReadBodyError;
use poem::http::{StatusCode, header};
use url::form_urlencoded;

use crate::fault::Fault;

/// The fields of a form, or of an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    fn of_bytes(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    pub(crate) fn of_query(request: &Request) -> Self {
        Self::of_bytes(request.uri().query().unwrap_or_default().as_bytes())
    }

    /// The field of this name, unless nothing was written into it.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        let text = found.map(|(_, value)| value.trim());
        text.filter(|text| !text.is_empty())
    }

    /// A field that must be given, and be what it is to be.
    pub(crate) fn need<T>(&self, name: &str, what: &str) -> Result<T, Fault>
    where
        T: std::str::FromStr<Err: std::fmt::Display>,
    {
        let text = self.get(name);
        let text = text.ok_or_else(|| Fault::invalid(format!("Give {what}.")))?;
        text.parse()
            .map_err(|error| Fault::invalid(format!("`{text}` is not {what}: {error}.")))
    }
}

/// Reads the form that `request` carries, up to `limit`.
pub(super) async fn read(request: &mut Request, limit: usize) -> Result<Fields, Fault> {
    let too_large = || {
        let detail = format!("It has more than {limit} bytes.");
        Fault::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "This form is too large.",
            detail,
        )
    };
    let announced = request.header(header::CONTENT_LENGTH);
    let announced = announced.and_then(|text| text.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let body = request.take_body();
    if body.is_empty() {
        return Ok(Fields::default());
    }
    let bytes = body
        .into_bytes_limit(limit)
        .await
        .map_err(|error| match error {
            ReadBodyError::PayloadTooLarge => too_large(),
            _ => Fault::new(
                StatusCode::BAD_REQUEST,
                "This form broke off.",
                "Send it again.",
            ),
        })?;
    let media_type = request.header(header::CONTENT_TYPE).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !bytes.is_empty() && !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let detail = "Pages take forms; for everything else there is the API.";
        return Err(Fault::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "This is no form.",
            detail,
        ));
    }
    Ok(Fields::of_bytes(&bytes))
}
