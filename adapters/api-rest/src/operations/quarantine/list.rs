use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

use crate::operations::{self, Group, Served};
use crate::permitted::{Permitted, Viewing};
use crate::problem::{Failure, Fault, Kind, Problems};
use crate::wire::QuarantinedImage;

/// All images that a watch does not deploy by itself.
#[derive(Debug, Object)]
struct QuarantineList {
    /// The images, those that failed first in front.
    items: Vec<QuarantinedImage>,
}

#[derive(ApiResponse)]
enum Answer {
    /// All of them.
    #[oai(status = 200)]
    Listed(Json<QuarantineList>),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[Kind::UnknownWatch];
}

pub(crate) struct ListQuarantine;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Quarantine")]
impl ListQuarantine {
    /// List what is quarantined
    ///
    /// The images that the watch does not deploy by itself because they failed, at it or at another watch of the repository.
    #[oai(
        path = "/watches/:watch/quarantine",
        method = "get",
        operation_id = "listQuarantine"
    )]
    async fn list_quarantine(
        &self,
        _caller: Permitted<Viewing>,
        app: Served<'_>,
        /// The name of the watch.
        watch: Path<String>,
    ) -> Result<Answer, Failure<Refusals>> {
        let name = operations::watch_name(&watch)?;
        let quarantine = app.quarantine(&name);
        let quarantine = quarantine.ok_or_else(|| Fault::unknown_watch(&watch))?;
        let items = quarantine.into_iter().map(QuarantinedImage::from).collect();
        Ok(Answer::Listed(Json(QuarantineList { items })))
    }
}
