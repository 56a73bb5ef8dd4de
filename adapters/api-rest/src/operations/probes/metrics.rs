use poem::web::Data;
use poem::{IntoResponse, Response};
use poem_openapi::payload::Payload;
use poem_openapi::registry::MetaSchemaRef;
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, OpenApi};

use crate::Exposition;
use crate::operations::Group;
use crate::permitted::{Permitted, Viewing};

/// The text format of Prometheus, by its version; a scraper that finds none guesses.
const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What is measured, as text.
struct Measured(String);

impl Payload for Measured {
    const CONTENT_TYPE: &'static str = "text/plain; charset=utf-8";

    fn schema_ref() -> MetaSchemaRef {
        String::schema_ref()
    }
}

impl IntoResponse for Measured {
    fn into_response(self) -> Response {
        self.0.with_content_type(FORMAT).into_response()
    }
}

#[derive(ApiResponse)]
enum Answer {
    /// Every metric that has a value, in the text format of Prometheus.
    #[oai(status = 200)]
    Told(Measured),
}

pub(crate) struct Metrics;

#[OpenApi(tag = "Group::Probes")]
impl Metrics {
    /// What is measured
    ///
    /// For Prometheus, whose `authorization` of a scrape sends the token.
    #[oai(path = "/metrics", method = "get", operation_id = "getMetrics")]
    async fn get_metrics(&self, _caller: Permitted<Viewing>, metrics: Data<&Exposition>) -> Answer {
        Answer::Told(Measured(metrics()))
    }
}
